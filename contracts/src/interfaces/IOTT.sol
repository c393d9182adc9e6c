// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";

/// @title OTT, the token in which jobs are paid and nodes are staked
/// @notice ERC-20 with 18 decimals and a fixed supply, which only burning reduces. Nobody can mint, pause or seize.
interface IOTT is IERC20, IERC20Permit {
    /// @notice The supply does not fit into the 96 bits in which the market keeps amounts.
    error SupplyTooLarge(uint256 supply);

    /// @notice Destroys tokens of the sender.
    /// @param value how many, in the smallest unit
    function burn(uint256 value) external;
}
