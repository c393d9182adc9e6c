/** A parameter of an init action: its kind, and whether it must be given. */
export interface Parameter {
  kind: "text" | "whole number";
  required: boolean;
}

const text = (required: boolean): Parameter => ({ kind: "text", required });
const number = (required: boolean): Parameter => ({ kind: "whole number", required });

/** The actions that ZLayer's init steps can use, and what each reads from `with`. Its crate holds them in code, not as types. */
export const ACTIONS: Record<string, Record<string, Parameter>> = {
  "init.wait_tcp": { host: text(true), port: number(true), timeout: number(false) },
  "init.wait_http": { url: text(true), expect_status: number(false), timeout: number(false) },
  "init.run": { command: text(true), timeout: number(false) },
  "init.s3_push": {
    source: text(true),
    bucket: text(true),
    key: text(true),
    endpoint: text(false),
    region: text(false),
    timeout: number(false),
  },
  "init.s3_pull": {
    bucket: text(true),
    key: text(true),
    destination: text(true),
    endpoint: text(false),
    region: text(false),
    timeout: number(false),
  },
};
