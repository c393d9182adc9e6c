// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Bid} from "../interfaces/IComputeMarket.sol";
import {Rate} from "./Values.sol";

/// @notice A `Bid` in one word, so that placing one writes storage once: rate in bits 0 to 95, validUntil in 96 to 127,
/// listed in 128, barred in 129.
type PackedBid is uint256;

using {rate, listed, barred, standing, unpack, withdrawn, displaced} for PackedBid global;

uint256 constant LISTED = 1 << 128;
uint256 constant BARRED = 1 << 129;

PackedBid constant NO_BID = PackedBid.wrap(0);
/// @dev Nothing but the mark of a node that failed the job.
PackedBid constant BARRED_BID = PackedBid.wrap(BARRED);

function packBid(Rate rate_, uint32 validUntil, bool listed_) pure returns (PackedBid) {
    return PackedBid.wrap(Rate.unwrap(rate_) | (uint256(validUntil) << 96) | (listed_ ? LISTED : 0));
}

function rate(PackedBid bid) pure returns (Rate) {
    return Rate.wrap(uint96(PackedBid.unwrap(bid)));
}

function listed(PackedBid bid) pure returns (bool) {
    return PackedBid.unwrap(bid) & LISTED != 0;
}

function barred(PackedBid bid) pure returns (bool) {
    return PackedBid.unwrap(bid) & BARRED != 0;
}

/// @dev Whether the bid may be taken at the time `now_`, in seconds since 1970.
function standing(PackedBid bid, uint256 now_) pure returns (bool) {
    return !(rate(bid) == Rate.wrap(0)) && uint32(PackedBid.unwrap(bid) >> 96) >= now_;
}

/// @dev The bid without its rate; its place in the list stays.
function withdrawn(PackedBid bid) pure returns (PackedBid) {
    return PackedBid.wrap((PackedBid.unwrap(bid) >> 96) << 96);
}

/// @dev What remains of a bid that lost its place in the list: a node that may not bid again still may not.
function displaced(PackedBid bid) pure returns (PackedBid) {
    return PackedBid.wrap(PackedBid.unwrap(bid) & BARRED);
}

function unpack(PackedBid bid) pure returns (Bid memory) {
    return
        Bid({
            rate: rate(bid), validUntil: uint32(PackedBid.unwrap(bid) >> 96), listed: listed(bid), barred: barred(bid)
        });
}
