// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {JobId} from "../types/Values.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @notice One entry of a node's metering log. All counters are totals since the start of the job.
struct MeteringEntry {
    /// @dev The job that was metered.
    JobId jobId;
    /// @dev Position in the log, from 0.
    uint32 index;
    /// @dev Seconds in which the job was served and a heartbeat was recorded.
    uint32 usedSeconds;
    /// @dev Processor time in nanoseconds.
    uint64 cpuNanoseconds;
    /// @dev Memory held over time, in byte-seconds.
    uint128 memoryByteSeconds;
    /// @dev Bytes received and sent over the network.
    uint64 networkBytes;
    /// @dev Bytes read from and written to block devices.
    uint64 blockBytes;
    /// @dev GPU time in milliseconds, summed over all GPUs.
    uint64 gpuMilliseconds;
}

/// @notice Encoding of metering logs: a Merkle tree with sorted pairs (keccak256) over double-hashed entries, as the
/// "standard tree" of OpenZeppelin's merkle-tree library builds it. Test vectors: contracts/test/vectors/metering.json.
library MeteringLog {
    /// @notice Leaf of an entry: keccak256(keccak256(abi.encode(entry))).
    function leaf(MeteringEntry memory entry) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(entry))));
    }

    /// @notice Whether an entry is in the log with the given root.
    function contains(bytes32 root, MeteringEntry memory entry, bytes32[] calldata proof) internal pure returns (bool) {
        return MerkleProof.verifyCalldata(proof, root, leaf(entry));
    }
}
