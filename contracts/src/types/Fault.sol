// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice How a node failed a job; the harm to its reputation follows from it.
enum Fault {
    /// @dev It did not fail.
    None,
    /// @dev It handed an assigned job back before it started. Reputation loses a quarter.
    Declined,
    /// @dev It neither started nor declined in time, or it vanished from a running job. Reputation is halved.
    Absent,
    /// @dev A claim of it was found to be false. Reputation becomes zero.
    False
}
