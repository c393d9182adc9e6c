// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {JobTerms, Matching, Permit} from "../../src/interfaces/IComputeMarket.sol";
import {Receipt} from "../../src/libraries/ReceiptVerifier.sol";
import {Amount, JobId, Rate} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @notice What a job costs in gas, each step as a transaction of its own: base fee and calldata included, refunds deducted.
/// The snapshots are committed; the bars are asserted.
/// forge-config: default.isolate = true
contract GasTest is MarketFixture {
    uint256 private constant WHOLE_JOB = 450_000;
    uint256 private constant SETTLE = 105_000;
    uint256 private constant BID = 90_000;

    function setUp() public override {
        super.setUp();
        // A market in use: every account has traded before.
        JobTerms memory terms_ = terms();
        Permit memory permit = permitFor(DEVELOPER_KEY, terms_, vm.getBlockTimestamp());
        vm.prank(developer);
        JobId jobId = market.postWithPermit(terms_, permit);
        bid(jobId, node, RATE);
        vm.prank(developer);
        market.accept(jobId, node, RATE);
        vm.prank(node);
        market.start(jobId);
        vm.warp(vm.getBlockTimestamp() + 100);
        settle(node, receipt(jobId, 100, 1 ether, false));
        vm.prank(developer);
        token.approve(address(market), 0);
        // Another job keeps the market's balance above zero.
        fund(stranger, 100 ether);
        vm.prank(stranger);
        market.post(terms());
    }

    function test_gasOfAWholeJob() public {
        JobTerms memory terms_ = terms();
        Permit memory permit = permitFor(DEVELOPER_KEY, terms_, vm.getBlockTimestamp());
        vm.prank(developer);
        JobId jobId = market.postWithPermit(terms_, permit);
        uint256 posted = vm.snapshotGasLastCall("Market", "1 post with permit");

        vm.prank(node);
        market.bid(jobId, node, Rate.wrap(0.005 ether), terms_.bidDeadline);
        uint256 bidden = vm.snapshotGasLastCall("Market", "2 bid");

        vm.prank(developer);
        market.accept(jobId, node, Rate.wrap(0.005 ether));
        uint256 accepted = vm.snapshotGasLastCall("Market", "3 accept");

        vm.prank(node);
        market.start(jobId);
        uint256 started = vm.snapshotGasLastCall("Market", "4 start");

        vm.warp(vm.getBlockTimestamp() + 1800);
        Receipt memory last = receipt(jobId, 1800, 9 ether, true);
        bytes memory ofNode = signReceipt(NODE_KEY, last);
        bytes memory ofDeveloper = signReceipt(RECEIPT_KEY, last);
        vm.prank(node);
        distribution.settle(last, ofNode, ofDeveloper);
        uint256 settled = vm.snapshotGasLastCall("Market", "5 settle by receipt");

        uint256 sum = posted + bidden + accepted + started + settled;
        vm.snapshotValue("Market", "6 whole job", sum);
        vm.assertLe(sum, WHOLE_JOB, "whole job");
        vm.assertLe(settled, SETTLE, "settle by receipt");
        vm.assertLe(bidden, BID, "bid");
    }

    function test_gasOfLowestBid() public {
        JobTerms memory terms_ = terms();
        terms_.matching = Matching.LowestBid;
        vm.prank(developer);
        token.approve(address(market), Amount.unwrap(terms_.escrow));
        vm.prank(developer);
        JobId jobId = market.post(terms_);
        vm.prank(node);
        market.bid(jobId, node, Rate.wrap(0.005 ether), terms_.bidDeadline + 1 days);
        vm.assertLe(vm.snapshotGasLastCall("Market", "bid, listed"), BID, "first bid");
        vm.prank(node2);
        market.bid(jobId, node2, Rate.wrap(0.004 ether), terms_.bidDeadline + 1 days);
        vm.assertLe(vm.snapshotGasLastCall("Market", "bid, listed second"), BID, "second bid");
        vm.warp(terms_.bidDeadline + 1);
        market.assignLowest(jobId);
        vm.snapshotGasLastCall("Market", "assign the lowest of two");
        vm.prank(node2);
        market.start(jobId);
        vm.warp(market.service(jobId).endsAt);
        claim(jobId, 3600);
        vm.snapshotGasLastCall("Market", "claim by proof");
        vm.warp(vm.getBlockTimestamp() + DISPUTE_WINDOW + 1);
        distribution.finalize(jobId);
        vm.snapshotGasLastCall("Market", "finalize");
    }
}
