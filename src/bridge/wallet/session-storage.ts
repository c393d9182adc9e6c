import type { SecretStore } from "./secret-store";

/** Key under which all of WalletConnect's state is kept. */
export const SESSION_KEY = "zlayer.wallet.walletconnect";

/**
 * WalletConnect's key-value storage, with keys of the encryption among its values, as one secret. Changes are written one after
 * the other; those that come while a write is under way are written together. Only what changed is replaced in the secret, since
 * another window of the editor may have written the rest.
 */
export class SessionStorage {
  readonly #secrets: SecretStore;
  readonly #onProblem: (message: string) => void;
  readonly #items = new Map<string, unknown>();
  #loaded: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  readonly #changed = new Set<string>();

  constructor(secrets: SecretStore, onProblem: (message: string) => void) {
    this.#secrets = secrets;
    this.#onProblem = onProblem;
  }

  /** Whether a session was kept, so that it is worth to load the protocol. Looks at what is kept now. */
  async hasSession(): Promise<boolean> {
    const kept = entriesOf(await this.#secrets.get(SESSION_KEY));
    return kept.some(([key, value]) => key.endsWith("//session") && Array.isArray(value) && value.length > 0);
  }

  /** Forgets what was read, which another window may have changed since; the next use reads it again. */
  async renew(): Promise<void> {
    await this.flush();
    this.#items.clear();
    this.#loaded = undefined;
  }

  async getKeys(): Promise<string[]> {
    await this.#load();
    return [...this.#items.keys()];
  }

  async getEntries<T>(): Promise<[string, T][]> {
    await this.#load();
    return [...this.#items].map(([key, value]) => [key, structuredClone(value) as T]);
  }

  async getItem<T>(key: string): Promise<T | undefined> {
    await this.#load();
    return structuredClone(this.#items.get(key)) as T | undefined;
  }

  async setItem<T>(key: string, value: T): Promise<void> {
    await this.#load();
    this.#items.set(key, structuredClone(value));
    this.#write(key);
  }

  async removeItem(key: string): Promise<void> {
    await this.#load();
    if (this.#items.delete(key)) {
      this.#write(key);
    }
  }

  /** Resolves once everything is written. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) {
      await this.#writing;
    }
  }

  #load(): Promise<void> {
    this.#loaded ??= (async () => {
      const text = await this.#secrets.get(SESSION_KEY);
      for (const [key, value] of entriesOf(text)) {
        this.#items.set(key, value);
      }
    })().catch((error: unknown) => this.#onProblem(`The wallet's sessions could not be read: ${String(error)}`));
    return this.#loaded;
  }

  #write(key: string): void {
    this.#changed.add(key);
    this.#writing ??= (async () => {
      // Lets changes of the same turn come along.
      await Promise.resolve();
      while (this.#changed.size > 0) {
        const changed = [...this.#changed];
        this.#changed.clear();
        const kept = new Map(entriesOf(await this.#secrets.get(SESSION_KEY)));
        for (const name of changed) {
          if (this.#items.has(name)) {
            kept.set(name, this.#items.get(name));
          } else {
            kept.delete(name);
          }
        }
        await this.#secrets.store(SESSION_KEY, JSON.stringify([...kept]));
      }
    })()
      .catch((error: unknown) => this.#onProblem(`The wallet's session could not be kept: ${String(error)}`))
      .finally(() => {
        this.#writing = undefined;
      });
  }
}

/** Entries of what was kept; none when it is not what `SessionStorage` writes. */
function entriesOf(text: string | undefined): [string, unknown][] {
  if (text === undefined) {
    return [];
  }
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed)
      ? parsed.filter((item): item is [string, unknown] => Array.isArray(item) && typeof item[0] === "string")
      : [];
  } catch {
    return [];
  }
}
