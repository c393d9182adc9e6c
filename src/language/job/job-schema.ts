import document from "../../../schemas/zlayer-job-v1.schema.json";
import type { Schema } from "../schema";

/** What a job file may hold. */
export const jobSchema = document as unknown as Schema;
