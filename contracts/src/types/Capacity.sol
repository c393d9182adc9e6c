// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice What a node offers, or what a job needs. For a job, zero in the last three fields means "any".
struct Capacity {
    /// @dev Thousandths of a processor core.
    uint32 millicores;
    /// @dev Memory in MiB.
    uint32 mebibytes;
    /// @dev Number of GPUs.
    uint8 gpus;
    /// @dev First two bytes of keccak256 of the lower-case model name, for example "nvidia a100 80gb".
    uint16 gpuModel;
    /// @dev ISO 3166-1 numeric country code.
    uint16 region;
    /// @dev One bit for each feature; contracts/README.md lists them.
    uint16 labels;
}
