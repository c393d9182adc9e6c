// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IOTT} from "./interfaces/IOTT.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit, IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title OTT, the token in which jobs are paid and nodes are staked
/// @dev What it promises is described in IOTT.
contract OTT is ERC20, ERC20Permit, IOTT {
    /// @param holder receives the whole supply
    /// @param supply number of tokens in the smallest unit, below 2^96
    constructor(address holder, uint256 supply) ERC20("OtherThing Token", "OTT") ERC20Permit("OtherThing Token") {
        if (supply > type(uint96).max) revert SupplyTooLarge(supply);
        _mint(holder, supply);
    }

    /// @inheritdoc IOTT
    function burn(uint256 value) external {
        _burn(msg.sender, value);
    }

    /// @inheritdoc IERC20Permit
    function nonces(address owner) public view override(ERC20Permit, IERC20Permit) returns (uint256) {
        return super.nonces(owner);
    }
}
