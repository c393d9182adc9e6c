/** The request for a spec with every default filled in: `{ uri }`, answered with {@link EffectiveSpec}. */
export const EFFECTIVE_SPEC = "zlayer/effectiveSpec";

/** YAML text, or what keeps the spec from being read. */
export type EffectiveSpec = { text: string } | { error: string };
