/** States a page can be shown in; chosen by the cookie `preview`. */
export type PreviewState = "data" | "empty" | "loading" | "error" | "out" | "setup" | "viewer" | "limited" | "away";
