// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IOTT} from "../interfaces/IOTT.sol";
import {Amount} from "../types/Values.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @notice Moves money so that the books stay right with any token: what does not arrive in full is refused.
library TokenTransfer {
    using SafeERC20 for IOTT;

    /// @notice The token delivered another sum than was sent, for example because it takes a fee.
    error UnexpectedTransfer(uint256 expected, uint256 received);

    /// @dev Takes money from an owner who has given an allowance.
    function pull(IOTT token, address from, Amount amount) internal {
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(from, address(this), amount.raw());
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount.raw()) revert UnexpectedTransfer(amount.raw(), received);
    }

    /// @dev Pays out; nothing happens for zero.
    function push(IOTT token, address to, Amount amount) internal {
        if (amount.raw() > 0) token.safeTransfer(to, amount.raw());
    }

    /// @dev Destroys money that the calling contract holds; nothing happens for zero.
    function destroy(IOTT token, Amount amount) internal {
        if (amount.raw() > 0) token.burn(amount.raw());
    }
}
