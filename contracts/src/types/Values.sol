// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice Number of a job; counted from 1.
type JobId is uint256;

/// @notice Price in the smallest unit of OTT for one second.
type Rate is uint96;

/// @notice Sum of money in the smallest unit of OTT.
type Amount is uint96;

using {equalJobs as ==} for JobId global;
using {equalRates as ==, lessRate as <, greaterRate as >, costOf} for Rate global;
using {add as +, subtract as -, equalAmounts as ==, lessAmount as <, greaterAmount as >, raw, bps} for Amount global;

/// @notice A number does not fit into an `Amount`.
error AmountTooLarge(uint256 value);

uint256 constant BPS = 10_000;
Amount constant ZERO = Amount.wrap(0);

function equalJobs(JobId a, JobId b) pure returns (bool) {
    return JobId.unwrap(a) == JobId.unwrap(b);
}

function equalRates(Rate a, Rate b) pure returns (bool) {
    return Rate.unwrap(a) == Rate.unwrap(b);
}

function lessRate(Rate a, Rate b) pure returns (bool) {
    return Rate.unwrap(a) < Rate.unwrap(b);
}

function greaterRate(Rate a, Rate b) pure returns (bool) {
    return Rate.unwrap(a) > Rate.unwrap(b);
}

/// @dev Price of `duration` seconds, below 2^128.
function costOf(Rate rate, uint32 duration) pure returns (uint256) {
    unchecked {
        return uint256(Rate.unwrap(rate)) * duration;
    }
}

function add(Amount a, Amount b) pure returns (Amount) {
    return Amount.wrap(Amount.unwrap(a) + Amount.unwrap(b));
}

function subtract(Amount a, Amount b) pure returns (Amount) {
    return Amount.wrap(Amount.unwrap(a) - Amount.unwrap(b));
}

function equalAmounts(Amount a, Amount b) pure returns (bool) {
    return Amount.unwrap(a) == Amount.unwrap(b);
}

function lessAmount(Amount a, Amount b) pure returns (bool) {
    return Amount.unwrap(a) < Amount.unwrap(b);
}

function greaterAmount(Amount a, Amount b) pure returns (bool) {
    return Amount.unwrap(a) > Amount.unwrap(b);
}

function raw(Amount a) pure returns (uint256) {
    return Amount.unwrap(a);
}

/// @dev The share of an amount in hundredths of a percent, rounded down; `share` is at most 10,000.
function bps(Amount a, uint256 share) pure returns (Amount) {
    unchecked {
        return Amount.wrap(uint96(uint256(Amount.unwrap(a)) * share / BPS));
    }
}

/// @dev Narrows a number to an amount or reverts.
function toAmount(uint256 value) pure returns (Amount) {
    if (value > type(uint96).max) revert AmountTooLarge(value);
    return Amount.wrap(uint96(value));
}
