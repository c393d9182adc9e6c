/** A real CID: the empty UnixFS directory. */
export const SPEC_CID = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354";
