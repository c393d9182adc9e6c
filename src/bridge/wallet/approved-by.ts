import { WalletError } from "./wallet-error";

/**
 * Waits for a wallet's answer as long as its code is valid.
 *
 * @param deadline milliseconds since the Unix epoch
 * @throws {WalletError} `expired`
 */
export async function approvedBy<T>(deadline: number, approval: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expiry = new Promise<never>((_, reject) => {
    const expired = "No wallet answered before the QR code expired. Connect again for a new one.";
    timer = setTimeout(() => reject(new WalletError("expired", expired)), deadline - Date.now());
  });
  try {
    return await Promise.race([approval, expiry]);
  } finally {
    clearTimeout(timer);
  }
}
