// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @notice A token of which anyone may burn what they hold; base of those that misbehave.
abstract contract PlainToken is ERC20, ERC20Permit {
    constructor() ERC20("Hostile", "HST") ERC20Permit("Hostile") {
        _mint(msg.sender, 1e27);
    }

    function burn(uint256 value) external {
        _burn(msg.sender, value);
    }
}

/// @notice Keeps one percent of each transfer, once switched on.
contract FeeToken is PlainToken {
    bool public on;

    function switchOn() external {
        on = true;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (on && from != address(0) && to != address(0)) {
            super._update(from, address(0), value / 100);
            value -= value / 100;
        }
        super._update(from, to, value);
    }
}

/// @notice Calls somebody whenever tokens arrive, as ERC-777 does, and remembers whether that failed.
contract ReentrantToken is PlainToken {
    address public target;
    bytes public data;
    bool public called;
    bool public succeeded;

    function arm(address target_, bytes calldata data_) external {
        (target, data, called, succeeded) = (target_, data_, false, false);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (target != address(0)) {
            address victim = target;
            target = address(0);
            called = true;
            (succeeded,) = victim.call(data);
        }
    }
}

/// @notice Transfers without a return value, as USDT does.
contract SilentToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    mapping(address => uint256) public nonces;
    uint256 public totalSupply;

    constructor() {
        balanceOf[msg.sender] = 1e27;
    }

    function approve(address spender, uint256 value) external {
        allowance[msg.sender][spender] = value;
    }

    function transfer(address to, uint256 value) external {
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
    }

    function transferFrom(address from, address to, uint256 value) external {
        allowance[from][msg.sender] -= value;
        balanceOf[from] -= value;
        balanceOf[to] += value;
    }

    function burn(uint256 value) external {
        balanceOf[msg.sender] -= value;
    }
}
