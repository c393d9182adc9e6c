/** File names of a job: `app.zlayer-job.yml`, `app.zlayer-job.yaml`, and the same without a name before it. */
const JOB_NAME = /(?:^|\.)zlayer-job\.ya?ml$/;

/** @param name without its directory */
export function isJobName(name: string): boolean {
  return JOB_NAME.test(name);
}
