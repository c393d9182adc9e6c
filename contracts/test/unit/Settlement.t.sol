// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IComputeMarket, JobState, JobTerms} from "../../src/interfaces/IComputeMarket.sol";
import {IRewardDistribution} from "../../src/interfaces/IRewardDistribution.sol";
import {Cid} from "../../src/libraries/Cid.sol";
import {MeteringEntry, MeteringLog} from "../../src/libraries/MeteringLog.sol";
import {Payout} from "../../src/libraries/Payout.sol";
import {Receipt} from "../../src/libraries/ReceiptVerifier.sol";
import {Amount, JobId, Rate} from "../../src/types/Values.sol";
import {MarketFixture} from "../support/MarketFixture.sol";

/// @notice What a job pays: by receipt, by proof, after a dispute.
contract SettlementTest is MarketFixture {
    // ---- receipt

    function test_receiptPaysNodeAndRefundsTheRest() public {
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 1800);
        uint256 ofNode = balance(node);
        uint256 ofDeveloper = balance(developer);
        settle(node, receipt(jobId, 1800, 9 ether, false));
        assertState(jobId, JobState.Settled);
        vm.assertEq(balance(node) - ofNode, 9 ether - 0.18 ether);
        vm.assertEq(balance(developer) - ofDeveloper, 27 ether);
        vm.assertEq(registry.node(node).reputation.raw(), 0.18 ether);
        vm.assertEq(registry.node(node).locked.raw(), 0);
        vm.assertEq(market.unburnedFees().raw(), 0.18 ether);
        vm.assertEq(balance(address(market)), 0.18 ether);
        uint256 supply = token.totalSupply();
        market.burnFees();
        vm.assertEq(supply - token.totalSupply(), 0.18 ether);
        vm.expectRevert(IComputeMarket.NoFees.selector);
        market.burnFees();
        refuse(
            node,
            receipt(jobId, 1800, 9 ether, false),
            abi.encodeWithSelector(IRewardDistribution.NotSettleable.selector, jobId)
        );
    }

    function test_delegateSignsAndSettles() public {
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 10);
        Receipt memory last = receipt(jobId, 10, 0.05 ether, false);
        bytes memory ofNode = signReceipt(DELEGATE_KEY, last);
        bytes memory ofDeveloper = signReceipt(RECEIPT_KEY, last);
        vm.prank(delegate);
        distribution.settle(last, ofNode, ofDeveloper);
        assertState(jobId, JobState.Settled);
    }

    function test_developerCannotSettleWithAnOldReceipt() public {
        JobId jobId = running(terms());
        uint256 openFrom = vm.getBlockTimestamp() + 3600 + CLAIM_WINDOW + 1;
        vm.warp(vm.getBlockTimestamp() + 100);
        Receipt memory old = receipt(jobId, 100, 0.5 ether, false);
        refuse(developer, old, abi.encodeWithSelector(IRewardDistribution.ReceiptNotFinal.selector, jobId, openFrom));
        // Once the node has let its time pass, its money may still be brought to it by anyone.
        vm.warp(openFrom);
        uint256 before = balance(node);
        settle(stranger, old);
        vm.assertEq(balance(node) - before, 0.49 ether);
    }

    function test_anyoneSettlesWithAFinalReceipt() public {
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 100);
        settle(stranger, receipt(jobId, 100, 0.5 ether, true));
        assertState(jobId, JobState.Settled);
    }

    function test_receiptRefusals() public {
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 100);
        refuse(
            node,
            receipt(jobId, 101, 0, true),
            abi.encodeWithSelector(IRewardDistribution.TooMuchUsage.selector, 101, 100)
        );
        refuse(
            node,
            receipt(jobId, 100, 0.5 ether + 1, true),
            abi.encodeWithSelector(IRewardDistribution.AmountAboveUsage.selector, 0.5 ether + 1, 0.5 ether)
        );
        JobId open = post(terms());
        refuse(
            node, receipt(open, 1, 0, true), abi.encodeWithSelector(IRewardDistribution.NotSettleable.selector, open)
        );

        Receipt memory good = receipt(jobId, 100, 0.5 ether, true);
        bytes memory ofNode = signReceipt(NODE_KEY, good);
        bytes memory ofDeveloper = signReceipt(RECEIPT_KEY, good);
        bytes memory ofOther = signReceipt(NODE2_KEY, good);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.InvalidNodeSignature.selector, node2, node));
        distribution.settle(good, ofOther, ofDeveloper);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.InvalidNodeSignature.selector, address(0), node));
        distribution.settle(good, hex"", ofDeveloper);
        vm.expectRevert(
            abi.encodeWithSelector(IRewardDistribution.InvalidDeveloperSignature.selector, node2, receiptSigner)
        );
        distribution.settle(good, ofNode, ofOther);
        // Signed for another chain.
        vm.chainId(999);
        vm.expectRevert();
        distribution.settle(good, ofNode, ofDeveloper);
    }

    function test_receiptOfAnotherJobIsRefused() public {
        JobId first = running(terms());
        JobId second = running(terms());
        vm.warp(vm.getBlockTimestamp() + 100);
        Receipt memory ofFirst = receipt(first, 100, 0.5 ether, true);
        bytes memory ofNode = signReceipt(NODE_KEY, ofFirst);
        bytes memory ofDeveloper = signReceipt(RECEIPT_KEY, ofFirst);
        ofFirst.jobId = second;
        vm.expectRevert();
        distribution.settle(ofFirst, ofNode, ofDeveloper);
    }

    // ---- proof

    function test_claimIsPaidAfterTheWindow() public {
        JobId jobId = claimed(terms(), 3600);
        assertState(jobId, JobState.Claimed);
        uint256 until = distribution.claimOf(jobId).until;
        vm.warp(until);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.TooEarly.selector, jobId, until + 1));
        distribution.finalize(jobId);
        vm.warp(until + 1);
        uint256 before = balance(node);
        vm.prank(stranger);
        distribution.finalize(jobId);
        vm.assertEq(balance(node) - before, 18 ether - 0.36 ether);
        assertState(jobId, JobState.Settled);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.NotSettleable.selector, jobId));
        distribution.finalize(jobId);
    }

    function test_availabilityReducesTheClaim() public {
        JobTerms memory t = terms();
        t.availabilityBps = 9000;
        // Half of the promised time: (1/2) / 0.9 of the 9 OTT that it costs.
        vm.assertEq(distribution.claimOf(claimed(t, 1800)).amount.raw(), 5 ether);
        t.bidDeadline = uint32(vm.getBlockTimestamp() + 600);
        vm.assertEq(distribution.claimOf(claimed(t, 3240)).amount.raw(), 16.2 ether);
    }

    function test_nodeThatLeavesIsMeasuredAgainstItsPromise() public {
        JobTerms memory t = terms();
        t.availabilityBps = 10_000;
        JobId jobId = running(t);
        vm.warp(vm.getBlockTimestamp() + 1800);
        vm.prank(node);
        market.stop(jobId);
        claim(jobId, 1800);
        vm.assertEq(distribution.claimOf(jobId).amount.raw(), 4.5 ether);
    }

    function test_claimWithMerkleProof() public {
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 3600);
        MeteringEntry memory last = entry(jobId, 3600);
        bytes32 leaf = MeteringLog.leaf(last);
        bytes32[] memory proof = new bytes32[](1);
        proof[0] = MeteringLog.leaf(entry(jobId, 60));
        bytes32 root =
            leaf < proof[0] ? keccak256(abi.encodePacked(leaf, proof[0])) : keccak256(abi.encodePacked(proof[0], leaf));
        vm.prank(node);
        distribution.claim(jobId, root, CID, last, proof);
        vm.assertEq(distribution.claimOf(jobId).root, root);
    }

    function test_claimRefusals() public {
        JobId jobId = running(terms());
        uint256 end = market.service(jobId).endsAt;
        MeteringEntry memory last = entry(jobId, 3600);
        bytes32 root = MeteringLog.leaf(last);
        bytes32[] memory none = new bytes32[](0);
        vm.startPrank(node);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.TooEarly.selector, jobId, end));
        distribution.claim(jobId, root, CID, last, none);
        vm.warp(end);
        vm.expectRevert(abi.encodeWithSelector(Cid.NotACid.selector, bytes(hex"01")));
        distribution.claim(jobId, root, hex"01", last, none);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.InvalidProof.selector, bytes32(0), root));
        distribution.claim(jobId, bytes32(0), CID, last, none);
        last.jobId = JobId.wrap(7);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.WrongJob.selector, jobId, 7));
        distribution.claim(jobId, root, CID, last, none);
        last = entry(jobId, 3601);
        root = MeteringLog.leaf(last);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.TooMuchUsage.selector, 3601, 3600));
        distribution.claim(jobId, root, CID, last, none);
        last = entry(jobId, 0);
        root = MeteringLog.leaf(last);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.NothingToClaim.selector, jobId));
        distribution.claim(jobId, root, CID, last, none);
        vm.warp(end + CLAIM_WINDOW + 1);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.TooLate.selector, jobId, end + CLAIM_WINDOW));
        distribution.claim(jobId, root, CID, last, none);
        vm.stopPrank();
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.NotNode.selector, stranger));
        distribution.claim(jobId, root, CID, last, none);
        JobId open = post(terms());
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.NotSettleable.selector, open));
        distribution.claim(open, root, CID, last, none);
    }

    function test_onlyAFinalReceiptEndsAClaim() public {
        JobId jobId = claimed(terms(), 3600);
        refuse(
            node,
            receipt(jobId, 3600, 18 ether, false),
            abi.encodeWithSelector(IRewardDistribution.ReceiptNotFinal.selector, jobId, type(uint256).max)
        );
        settle(developer, receipt(jobId, 1000, 5 ether, true));
        assertState(jobId, JobState.Settled);
    }

    // ---- dispute

    function test_disputeTakesTheBond() public {
        JobId jobId = claimed(terms(), 3600);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.NotDeveloper.selector, stranger));
        distribution.dispute(jobId, CID);
        vm.startPrank(developer);
        vm.expectRevert(abi.encodeWithSelector(Cid.NotACid.selector, bytes(hex"01")));
        distribution.dispute(jobId, hex"01");
        distribution.dispute(jobId, CID);
        assertState(jobId, JobState.Disputed);
        vm.assertEq(balance(address(distribution)), 10 ether);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.NotSettleable.selector, jobId));
        distribution.dispute(jobId, CID);
        vm.stopPrank();
        vm.assertEq(distribution.bondFor(Amount.wrap(1000 ether)).raw(), 100 ether);
        jobId = claimed(terms(), 3600);
        uint256 until = distribution.claimOf(jobId).until;
        vm.warp(until + 1);
        vm.prank(developer);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.TooLate.selector, jobId, until));
        distribution.dispute(jobId, CID);
    }

    function test_falseClaimIsSlashed() public {
        earnReputation();
        JobId jobId = disputed(terms(), 3600);
        uint256 before = balance(developer);
        vm.prank(arbiter);
        distribution.decide(jobId, Amount.wrap(4 ether), 10_000);
        // The refund, the bond, and half of the 30.24 that were locked.
        vm.assertEq(balance(developer) - before, 32 ether + 10 ether + 15.12 ether);
        vm.assertEq(registry.node(node).stake.raw(), 10_000 ether - 30.24 ether);
        vm.assertEq(balance(address(registry)), 20_000 ether - 30.24 ether);
        vm.assertEq(balance(address(distribution)), 0);
        // All that it had is lost; this payout's fee is a new beginning.
        vm.assertEq(registry.node(node).reputation.raw(), 0.08 ether);
        assertState(jobId, JobState.Settled);
    }

    function test_unjustifiedDisputeCostsTheBond() public {
        JobId jobId = disputed(terms(), 3600);
        uint256 before = balance(node);
        vm.prank(arbiter);
        distribution.decide(jobId, Amount.wrap(18 ether), 0);
        vm.assertEq(balance(node) - before, 18 ether - 0.36 ether + 5 ether);
        vm.assertEq(balance(address(distribution)), 0);
    }

    function test_decideRefusals() public {
        JobId jobId = claimed(terms(), 3600);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.NotArbiter.selector, stranger));
        distribution.decide(jobId, Amount.wrap(0), 0);
        vm.prank(arbiter);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.NotSettleable.selector, jobId));
        distribution.decide(jobId, Amount.wrap(0), 0);
        vm.prank(developer);
        distribution.dispute(jobId, CID);
        vm.startPrank(arbiter);
        vm.expectRevert(invalidAward(18 ether + 1, 0));
        distribution.decide(jobId, Amount.wrap(18 ether + 1), 0);
        vm.expectRevert(invalidAward(0, 10_001));
        distribution.decide(jobId, Amount.wrap(0), 10_001);
        vm.expectRevert(invalidAward(18 ether, 1));
        distribution.decide(jobId, Amount.wrap(18 ether), 1);
        uint256 until = distribution.claimOf(jobId).until;
        vm.warp(until + 1);
        vm.expectRevert(abi.encodeWithSelector(IRewardDistribution.TooLate.selector, jobId, until));
        distribution.decide(jobId, Amount.wrap(0), 0);
        vm.stopPrank();
    }

    function test_vanishedArbiterMeansHalf() public {
        JobId jobId = disputed(terms(), 3600);
        vm.warp(distribution.claimOf(jobId).until + 1);
        uint256 ofNode = balance(node);
        uint256 ofDeveloper = balance(developer);
        distribution.finalize(jobId);
        vm.assertEq(balance(node) - ofNode, 9 ether - 0.18 ether);
        vm.assertEq(balance(developer) - ofDeveloper, 27 ether + 10 ether);
        vm.assertEq(registry.node(node).stake.raw(), 10_000 ether);
    }

    function test_finalReceiptEndsADispute() public {
        JobId jobId = disputed(terms(), 3600);
        uint256 before = balance(developer);
        settle(stranger, receipt(jobId, 2000, 10 ether, true));
        vm.assertEq(balance(developer) - before, 26 ether + 10 ether);
        vm.assertEq(balance(address(distribution)), 0);
    }

    // ---- arithmetic

    /// @dev The formula, stated another way: never above the price of the use or the escrow; full when the promise is kept.
    function testFuzz_payout(uint96 rate, uint32 used, uint32 promised, uint16 availability, uint96 escrow)
        public
        pure
    {
        availability = uint16(bound(availability, 0, 10_000));
        used = uint32(bound(used, 0, promised));
        uint256 due = Payout.due(Rate.wrap(rate), used, promised, availability, Amount.wrap(escrow)).raw();
        uint256 price = uint256(rate) * used;
        vm.assertLe(due, price);
        vm.assertLe(due, escrow);
        uint256 smaller = price < escrow ? price : escrow;
        if (uint256(used) * 10_000 >= uint256(promised) * availability) {
            vm.assertEq(due, smaller);
        } else {
            uint256 reduced = price * used * 10_000 / (uint256(promised) * availability);
            vm.assertEq(due, reduced < escrow ? reduced : escrow);
        }
    }

    /// @dev More service never pays less.
    function testFuzz_payoutRises(uint96 rate, uint32 used, uint32 promised, uint16 availability) public pure {
        availability = uint16(bound(availability, 0, 10_000));
        promised = uint32(bound(promised, 1, type(uint32).max));
        used = uint32(bound(used, 0, promised - 1));
        Amount most = Amount.wrap(type(uint96).max);
        vm.assertLe(
            Payout.due(Rate.wrap(rate), used, promised, availability, most).raw(),
            Payout.due(Rate.wrap(rate), used + 1, promised, availability, most).raw()
        );
    }

    function testFuzz_receiptSplitsTheEscrow(uint32 after_, uint32 used, uint96 amount) public {
        JobId jobId = running(terms());
        uint256 served = bound(after_, 0, 5000);
        vm.warp(vm.getBlockTimestamp() + served);
        if (served > 3600) served = 3600;
        used = uint32(bound(used, 0, served));
        amount = uint96(bound(amount, 0, uint256(used) * 0.005 ether));
        uint256 ofNode = balance(node);
        uint256 ofDeveloper = balance(developer);
        settle(node, receipt(jobId, used, amount, false));
        uint256 fee = uint256(amount) * 200 / 10_000;
        vm.assertEq(balance(node) - ofNode, amount - fee);
        vm.assertEq(balance(developer) - ofDeveloper, 36 ether - amount);
        vm.assertEq(balance(address(market)), fee);
    }

    // ---- help

    function refuse(address caller, Receipt memory bad, bytes memory reason) private {
        bytes memory ofNode = signReceipt(NODE_KEY, bad);
        bytes memory ofDeveloper = signReceipt(RECEIPT_KEY, bad);
        vm.prank(caller);
        vm.expectRevert(reason);
        distribution.settle(bad, ofNode, ofDeveloper);
    }

    function invalidAward(uint256 award, uint16 slashBps) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRewardDistribution.InvalidAward.selector, award, uint256(18 ether), slashBps);
    }

    function earnReputation() private {
        JobId jobId = running(terms());
        vm.warp(vm.getBlockTimestamp() + 3600);
        settle(node, receipt(jobId, 3600, 18 ether, true));
        vm.assertEq(registry.node(node).reputation.raw(), 0.36 ether);
    }
}
