// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Amount, JobId} from "../types/Values.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice What node and developer agree on about a job so far. Counters are totals: a later receipt replaces an earlier one.
struct Receipt {
    /// @dev The job.
    JobId jobId;
    /// @dev Number of the receipt, from 1, rising.
    uint32 sequence;
    /// @dev Seconds of service so far.
    uint32 usedSeconds;
    /// @dev What the developer owes so far.
    Amount amount;
    /// @dev Merkle root of the metering log so far.
    bytes32 usageRoot;
    /// @dev No other receipt will follow; anyone may settle with it.
    bool isFinal;
}

/// @notice EIP-712 encoding of receipts. Test vectors: contracts/test/vectors/receipts.json.
library ReceiptVerifier {
    bytes32 internal constant TYPEHASH = keccak256(
        "Receipt(uint256 jobId,uint32 sequence,uint32 usedSeconds,uint96 amount,bytes32 usageRoot,bool isFinal)"
    );

    /// @notice EIP-712 hash of the struct.
    function structHash(Receipt memory receipt) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                TYPEHASH,
                receipt.jobId,
                receipt.sequence,
                receipt.usedSeconds,
                receipt.amount,
                receipt.usageRoot,
                receipt.isFinal
            )
        );
    }

    /// @notice The address that made a signature of 65 bytes; zero when it is malformed.
    function signer(bytes32 digest, bytes calldata signature) internal pure returns (address who) {
        (who,,) = ECDSA.tryRecoverCalldata(digest, signature);
    }
}
