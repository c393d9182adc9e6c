import { isJobName } from "./job-name";

/** File names of a spec: `app.zlayer.yml`, `zlayer.app.yml`, `zlayer.yml` and `.zlayer.yml`, each also with `.yaml`. */
const SPEC_NAME = /^(?:.+\.zlayer|\.?zlayer(?:\.[^/]+)?)\.ya?ml$/;

/** The same as a glob. */
export const SPEC_GLOB = "{*.zlayer.yml,*.zlayer.yaml,zlayer.yml,zlayer.yaml,zlayer.*.yml,zlayer.*.yaml}";

/** @param name without its directory */
export function isSpecName(name: string): boolean {
  return SPEC_NAME.test(name) && !isJobName(name);
}
