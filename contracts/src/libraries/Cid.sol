// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Checks content identifiers of IPFS.
library Cid {
    /// @notice The bytes are not a CIDv1 (raw or dag-pb) with a SHA-256 digest: `01 55|70 12 20` and 32 bytes.
    error NotACid(bytes cid);

    /// @dev Refuses what no IPFS node could resolve, so that a typing error costs no escrow.
    function check(bytes calldata cid) internal pure {
        if (cid.length != 36) revert NotACid(cid);
        bytes4 head = bytes4(cid);
        if (head != 0x01551220 && head != 0x01701220) revert NotACid(cid);
    }
}
