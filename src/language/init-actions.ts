import actions from "../../schemas/init-actions.json";

/** A parameter of an init action: its kind, and whether it must be given. */
export interface Parameter {
  kind: "text" | "whole number";
  required: boolean;
  /** Of `timeout`, in seconds. */
  default?: number;
}

/** The actions that ZLayer's init steps can use, and what each reads from `with`; made from the crate's source. */
export const ACTIONS = actions as Record<string, Record<string, Parameter>>;
