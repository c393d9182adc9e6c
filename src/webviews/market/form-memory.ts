import type { FieldMemory } from "./fields";
import type { Shell } from "./page";

/** Keeps a form's fields in the panel's state, each under the form's name. */
export function formMemory(shell: Shell, form: string): FieldMemory {
  return {
    get: (key) => shell.state.fields[`${form}.${key}`],
    set: (key, value) => shell.save({ fields: { ...shell.state.fields, [`${form}.${key}`]: value.slice(0, 200) } }),
  };
}
