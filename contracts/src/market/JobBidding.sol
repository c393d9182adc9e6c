// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IComputeMarket, Job, JobState, Matching} from "../interfaces/IComputeMarket.sol";
import {Eligibility} from "../interfaces/INodeRegistry.sol";
import {Capacity} from "../types/Capacity.sol";
import {PackedBid, packBid} from "../types/PackedBid.sol";
import {Amount, JobId, Rate} from "../types/Values.sol";
import {JobTransitions} from "./JobTransitions.sol";

/// @notice How nodes bid for a job, and how one of them is chosen.
abstract contract JobBidding is JobTransitions {
    /// @inheritdoc IComputeMarket
    function bid(JobId jobId, address node, Rate rate, uint32 validUntil) external {
        Job storage record = _jobs[jobId];
        if (record.state != JobState.Open) revert WrongState(jobId, record.state);
        if (block.timestamp > record.time) revert TooLate(jobId, record.time);
        if (node == record.developer) revert OwnJob(node);
        if (rate == Rate.wrap(0) || rate > record.maxRate) revert InvalidRate(rate, record.maxRate);
        if (validUntil <= block.timestamp) revert InvalidValidity(validUntil);
        (Capacity memory need, Amount deposit) = _asked(record);
        registry.requireBidder(node, msg.sender, need, deposit, record.covered);

        PackedBid before = _bids[jobId][node];
        if (before.barred()) revert Barred(node);
        bool listed = record.matching == Matching.LowestBid;
        if (listed && !before.listed()) _list(jobId, record, node, rate);
        _bids[jobId][node] = packBid(rate, validUntil, listed);
        emit BidPlaced(jobId, node, rate, validUntil);
    }

    /// @inheritdoc IComputeMarket
    function withdrawBid(JobId jobId, address node) external {
        _inState(jobId, JobState.Open);
        if (!registry.isOperator(node, msg.sender)) revert NotNode(msg.sender);
        PackedBid offer = _bids[jobId][node];
        if (offer.rate() == Rate.wrap(0)) revert NoBid(node);
        _bids[jobId][node] = offer.withdrawn();
        emit BidRemoved(jobId, node);
    }

    /// @inheritdoc IComputeMarket
    function accept(JobId jobId, address node, Rate rate) external {
        Job storage record = _ofDeveloper(jobId);
        if (record.state != JobState.Open) revert WrongState(jobId, record.state);
        if (record.matching != Matching.Developer) revert WrongMatching(jobId, record.matching);
        uint256 deadline = uint256(record.time) + acceptWindow;
        if (block.timestamp > deadline) revert TooLate(jobId, deadline);
        PackedBid offer = _bids[jobId][node];
        if (!offer.standing(block.timestamp)) revert NoBid(node);
        if (offer.rate() > rate) revert InvalidRate(offer.rate(), rate);
        _assign(jobId, record, node, offer.rate());
    }

    /// @inheritdoc IComputeMarket
    function assignLowest(JobId jobId) external {
        Job storage record = _inState(jobId, JobState.Open);
        if (record.matching != Matching.LowestBid) revert WrongMatching(jobId, record.matching);
        uint256 deadline = uint256(record.time) + acceptWindow;
        if (block.timestamp <= record.time) revert TooEarly(jobId, uint256(record.time) + 1);
        if (block.timestamp > deadline) revert TooLate(jobId, deadline);
        (address node, Rate rate) = _lowest(jobId, record);
        if (node == address(0)) revert NoEligibleBid(jobId);
        _assign(jobId, record, node, rate);
    }

    /// @dev Gives a bidder a place in the list. In a full list it takes the place of the worst: one without a standing bid,
    /// else the highest, if that is higher.
    function _list(JobId jobId, Job storage record, address node, Rate rate) private {
        uint256 count = record.listed;
        if (count < MAX_LISTED) {
            record.listed = uint8(count + 1);
            _listed[jobId][count] = node;
            return;
        }
        uint256 worst = 0;
        Rate highest = Rate.wrap(0);
        for (uint256 i = 0; i < MAX_LISTED; i++) {
            PackedBid other = _bids[jobId][_listed[jobId][i]];
            Rate value = other.standing(block.timestamp) ? other.rate() : Rate.wrap(type(uint96).max);
            if (value > highest) (worst, highest) = (i, value);
        }
        if (!(rate < highest)) revert BidTooHigh(rate, highest);
        address displaced = _listed[jobId][worst];
        PackedBid old = _bids[jobId][displaced];
        if (!(old.rate() == Rate.wrap(0))) emit BidRemoved(jobId, displaced);
        _bids[jobId][displaced] = old.displaced();
        _listed[jobId][worst] = node;
    }

    /// @dev The lowest standing bid whose node is eligible now; zero when there is none.
    function _lowest(JobId jobId, Job storage record) private view returns (address node, Rate rate) {
        uint256 count = record.listed;
        (Capacity memory need, Amount deposit) = _asked(record);
        for (uint256 i = 0; i < count; i++) {
            address candidate = _listed[jobId][i];
            PackedBid offer = _bids[jobId][candidate];
            if (!offer.standing(block.timestamp) || (node != address(0) && !(offer.rate() < rate))) continue;
            if (registry.eligibility(candidate, need, deposit, record.covered) == Eligibility.Eligible) {
                (node, rate) = (candidate, offer.rate());
            }
        }
    }
}
