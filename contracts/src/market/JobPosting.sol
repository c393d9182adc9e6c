// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IComputeMarket, Job, JobState, JobTerms, Permit} from "../interfaces/IComputeMarket.sol";
import {IOTT} from "../interfaces/IOTT.sol";
import {Cid} from "../libraries/Cid.sol";
import {TokenTransfer} from "../libraries/TokenTransfer.sol";
import {BPS, JobId, Rate} from "../types/Values.sol";
import {MarketBase} from "./MarketBase.sol";

/// @notice How a job comes to the market.
abstract contract JobPosting is MarketBase {
    using TokenTransfer for IOTT;

    /// @inheritdoc IComputeMarket
    function post(JobTerms calldata terms) external nonReentrant returns (JobId) {
        return _post(terms);
    }

    /// @inheritdoc IComputeMarket
    function postWithPermit(JobTerms calldata terms, Permit calldata permit) external nonReentrant returns (JobId) {
        // Whether it failed shows in the transfer; it may have been submitted by somebody else before.
        try token.permit(
            msg.sender, address(this), terms.escrow.raw(), permit.deadline, permit.v, permit.r, permit.s
        ) {}
            catch {}
        return _post(terms);
    }

    function _post(JobTerms calldata terms) private returns (JobId jobId) {
        Cid.check(terms.specCid);
        if (terms.receiptKey == address(0)) revert InvalidTerms("receiptKey");
        if (terms.availabilityBps > BPS) revert InvalidTerms("availabilityBps");
        if (terms.maxRate == Rate.wrap(0)) revert InvalidTerms("maxRate");
        if (terms.maxDuration < minFundedSeconds || terms.maxDuration > maxDuration) {
            revert InvalidTerms("maxDuration");
        }
        if (terms.bidDeadline <= block.timestamp || terms.bidDeadline > block.timestamp + maxBidding) {
            revert InvalidTerms("bidDeadline");
        }
        if (terms.need.millicores == 0) revert InvalidTerms("millicores");
        if (terms.need.mebibytes == 0) revert InvalidTerms("mebibytes");
        uint256 least = terms.maxRate.costOf(minFundedSeconds);
        uint256 most = terms.maxRate.costOf(terms.maxDuration);
        if (terms.escrow.raw() < least || terms.escrow.raw() > most) revert InvalidEscrow(terms.escrow, least, most);

        jobId = JobId.wrap(++jobCount);
        Job storage record = _jobs[jobId];
        record.developer = msg.sender;
        record.state = JobState.Open;
        record.matching = terms.matching;
        record.covered = terms.covered;
        record.availabilityBps = terms.availabilityBps;
        record.time = terms.bidDeadline;
        record.receiptKey = terms.receiptKey;
        record.maxRate = terms.maxRate;
        record.deposit = terms.escrow;
        record.maxDuration = terms.maxDuration;
        record.millicores = terms.need.millicores;
        record.mebibytes = terms.need.mebibytes;
        record.gpus = terms.need.gpus;
        record.gpuModel = terms.need.gpuModel;
        record.region = terms.need.region;
        record.labels = terms.need.labels;
        emit JobPosted(jobId, msg.sender, terms);
        token.pull(msg.sender, terms.escrow);
    }
}
