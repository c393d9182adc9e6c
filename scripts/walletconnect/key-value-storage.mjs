// Stands for @walletconnect/keyvaluestorage in the bundle: ZLayer always brings storage of its own, so the package's drivers for
// files and databases are not needed.
export class KeyValueStorage {
  constructor() {
    throw new Error("WalletConnect has to be started with the option `storage`.");
  }
}
export default KeyValueStorage;
