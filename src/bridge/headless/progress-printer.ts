import { type DeployProgress, reasonOf } from "../sidecar/deploy";
import { describeReplica, phaseWords } from "../sidecar/words";

/** Prints a line whenever a service or a replica says something new. */
export function progressPrinter(print: (line: string) => void): (progress: DeployProgress) => void {
  const said = new Map<string, string>();
  const say = (name: string, words: string): void => {
    if (said.get(name) !== words) {
      said.set(name, words);
      print(`  ${name}: ${words}`);
    }
  };
  return ({ state }) => {
    for (const service of state.services) {
      say(service.name, reasonOf(service)?.message ?? phaseWords(service.phase));
      for (const replica of service.replicas) {
        say(`${service.name}/${replica.index}`, describeReplica(replica));
      }
    }
  };
}
