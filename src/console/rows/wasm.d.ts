declare module "*.wasm" {
  const file: string;
  export default file;
}
