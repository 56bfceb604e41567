/** A ClickHouse string literal, for statements that take no parameters: definitions of tables. */
export function literal(text: string): string {
  return `'${text.replace(/\\/g, "\\\\").replace(/'/g, "\\'").replace(/\0/g, "\\0")}'`;
}

/** A quoted ClickHouse name. Throws RangeError for one we would never give. */
export function identifier(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) throw new RangeError(`not a name for a table or column: ${name}`);
  return `\`${name}\``;
}
