// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ComputeMarket} from "../../src/ComputeMarket.sol";
import {NodeRegistry} from "../../src/NodeRegistry.sol";
import {RewardDistribution} from "../../src/RewardDistribution.sol";
import {Job, JobState, JobTerms, Matching, Service} from "../../src/interfaces/IComputeMarket.sol";
import {IOTT} from "../../src/interfaces/IOTT.sol";
import {MeteringEntry, MeteringLog} from "../../src/libraries/MeteringLog.sol";
import {Receipt} from "../../src/libraries/ReceiptVerifier.sol";
import {Capacity} from "../../src/types/Capacity.sol";
import {Amount, JobId, Rate} from "../../src/types/Values.sol";
import {Vm} from "../support/TestBase.sol";

/// @notice The actors of the market: three developers, four nodes, an arbiter and an attacker. Each call picks one of them
/// and one of the last jobs at random; what the contracts refuse is no failure.
contract MarketHandler {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bytes private constant CID = hex"01551220000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    uint256 public constant RECEIPT_KEY = 0xeee;

    IOTT public immutable token;
    NodeRegistry public immutable registry;
    ComputeMarket public immutable market;
    RewardDistribution public immutable distribution;
    address public immutable arbiter;
    uint256[] public nodeKeys;
    address[] public developers;
    address public attacker = address(0xbad);
    /// @notice Calls that went through, and those that were refused.
    uint256 public passed;
    uint256 public refused;
    /// @notice Jobs that had ended when they were looked at; they must stay as they were.
    mapping(uint256 => bytes32) public ended;
    uint256[] public endedJobs;
    /// @notice Broken promises that only a transition shows.
    string public broken;
    /// @dev The job that was picked last.
    JobId private picked;

    constructor(
        ComputeMarket market_,
        RewardDistribution distribution_,
        address arbiter_,
        uint256[] memory nodeKeys_,
        address[] memory developers_
    ) {
        market = market_;
        distribution = distribution_;
        registry = NodeRegistry(address(market_.registry()));
        token = market_.token();
        arbiter = arbiter_;
        nodeKeys = nodeKeys_;
        developers = developers_;
    }

    function post(
        uint256 who,
        uint96 rate,
        uint32 duration,
        uint96 escrow,
        bool lowest,
        bool covered,
        uint16 availability
    ) external {
        JobTerms memory t;
        t.specCid = CID;
        t.receiptKey = vm.addr(RECEIPT_KEY);
        t.matching = lowest ? Matching.LowestBid : Matching.Developer;
        t.covered = covered && who % 4 == 0;
        t.availabilityBps = availability % 10_001;
        t.maxRate = Rate.wrap(uint96(1 + rate % 0.01 ether));
        t.maxDuration = 60 + duration % 10_000;
        uint256 least = t.maxRate.costOf(60);
        t.escrow = Amount.wrap(uint96(least + escrow % (t.maxRate.costOf(t.maxDuration) - least + 1)));
        t.bidDeadline = uint32(vm.getBlockTimestamp() + 300);
        t.need = Capacity({millicores: 100, mebibytes: 128, gpus: 0, gpuModel: 0, region: 0, labels: 0});
        act(developers[who % developers.length], address(market), abi.encodeCall(market.post, (t)));
    }

    function bid(uint256 which, uint256 who, uint96 rate) external {
        (JobId jobId, Job memory job) = pick(which);
        Rate offer = Rate.wrap(uint96(1 + rate % (uint256(Rate.unwrap(job.maxRate)) + 1)));
        address node = nodeAt(who);
        act(
            node,
            address(market),
            abi.encodeCall(market.bid, (jobId, node, offer, uint32(vm.getBlockTimestamp() + 1 days)))
        );
    }

    function withdrawBid(uint256 which, uint256 who) external {
        (JobId jobId,) = pick(which);
        act(nodeAt(who), address(market), abi.encodeCall(market.withdrawBid, (jobId, nodeAt(who))));
    }

    function choose(uint256 which, uint256 who) external {
        (JobId jobId, Job memory job) = pick(which);
        if (job.matching == Matching.LowestBid) {
            if (job.state == JobState.Open && vm.getBlockTimestamp() <= job.time) vm.warp(job.time + 1);
            act(attacker, address(market), abi.encodeCall(market.assignLowest, (jobId)));
        } else {
            act(job.developer, address(market), abi.encodeCall(market.accept, (jobId, nodeAt(who), job.maxRate)));
        }
    }

    function start(uint256 which) external {
        (JobId jobId, Job memory job) = pick(which);
        act(job.node, address(market), abi.encodeCall(market.start, (jobId)));
    }

    function decline(uint256 which) external {
        (JobId jobId, Job memory job) = pick(which);
        if (which % 3 == 0) act(job.node, address(market), abi.encodeCall(market.decline, (jobId)));
    }

    function stop(uint256 which, bool byNode) external {
        (JobId jobId, Job memory job) = pick(which);
        act(byNode ? job.node : job.developer, address(market), abi.encodeCall(market.stop, (jobId)));
    }

    function topUp(uint256 which, uint96 amount) external {
        (JobId jobId, Job memory job) = pick(which);
        act(job.developer, address(market), abi.encodeCall(market.topUp, (jobId, Amount.wrap(amount % 20 ether))));
    }

    function cancel(uint256 which) external {
        (JobId jobId, Job memory job) = pick(which);
        if (which % 3 == 0) act(job.developer, address(market), abi.encodeCall(market.cancel, (jobId)));
    }

    function expire(uint256 which, bool wait) external {
        (JobId jobId,) = pick(which);
        uint256 due = market.expiresAt(jobId);
        if (wait && due > vm.getBlockTimestamp()) vm.warp(due);
        act(attacker, address(market), abi.encodeCall(market.expire, (jobId)));
    }

    function settle(uint256 which, uint32 used, uint96 amount, bool isFinal, bool byStranger) external {
        (JobId jobId, Job memory job) = pick(which);
        if (job.node == address(0)) return;
        Service memory service = market.service(jobId);
        Receipt memory receipt;
        receipt.jobId = jobId;
        receipt.usedSeconds = uint32(used % (uint256(service.endsAt - service.startedAt) + 2));
        receipt.amount = Amount.wrap(uint96(amount % (job.rate.costOf(receipt.usedSeconds) + 2)));
        receipt.isFinal = isFinal;
        bytes32 digest = distribution.receiptDigest(receipt);
        bytes memory data =
            abi.encodeCall(distribution.settle, (receipt, sign(keyOf(job.node), digest), sign(RECEIPT_KEY, digest)));
        act(byStranger ? attacker : job.node, address(distribution), data);
    }

    function claim(uint256 which, uint32 used) external {
        (JobId jobId, Job memory job) = pick(which);
        if (job.state != JobState.Running) return;
        Service memory service = market.service(jobId);
        if (vm.getBlockTimestamp() < service.endsAt) vm.warp(service.endsAt);
        MeteringEntry memory last;
        last.jobId = jobId;
        last.usedSeconds = uint32(used % (uint256(service.endsAt - service.startedAt) + 1));
        bytes32 root = MeteringLog.leaf(last);
        act(
            job.node,
            address(distribution),
            abi.encodeCall(distribution.claim, (jobId, root, CID, last, new bytes32[](0)))
        );
    }

    function dispute(uint256 which) external {
        (JobId jobId, Job memory job) = pick(which);
        act(job.developer, address(distribution), abi.encodeCall(distribution.dispute, (jobId, CID)));
    }

    function decide(uint256 which, uint96 award, uint16 slashBps) external {
        (JobId jobId, Job memory job) = pick(which);
        if (job.state != JobState.Disputed) return;
        uint256 most = distribution.claimOf(jobId).amount.raw();
        bool upheld = award % 2 == 0;
        Amount sum = Amount.wrap(uint96(upheld ? most : award % most));
        act(
            arbiter,
            address(distribution),
            abi.encodeCall(distribution.decide, (jobId, sum, upheld ? 0 : slashBps % 10_001))
        );
    }

    function finalize(uint256 which, bool wait) external {
        (JobId jobId,) = pick(which);
        uint256 until = distribution.claimOf(jobId).until;
        if (wait && until >= vm.getBlockTimestamp()) vm.warp(until + 1);
        act(attacker, address(distribution), abi.encodeCall(distribution.finalize, (jobId)));
    }

    /// @notice Takes a job one step further, so that runs reach the late states often.
    function advance(uint256 which, uint256 who, uint32 used) external {
        (JobId jobId, Job memory job) = pick(which);
        if (job.state == JobState.Open) {
            this.bid(which, who, uint96(who));
            this.bid(which, who + 1, uint96(who));
            this.choose(which, who);
        } else if (job.state == JobState.Assigned) {
            this.start(which);
        } else if (job.state == JobState.Running) {
            this.claim(which, used);
        } else if (job.state == JobState.Claimed) {
            this.dispute(which);
        } else if (job.state == JobState.None) {
            this.post(who, uint96(who), used, uint96(who), who % 2 == 0, false, 0);
        }
    }

    function burnFees() external {
        act(attacker, address(market), abi.encodeCall(market.burnFees, ()));
    }

    function addStake(uint256 who, uint96 amount) external {
        act(nodeAt(who), address(registry), abi.encodeCall(registry.addStake, (Amount.wrap(amount % 100 ether))));
    }

    function unbond(uint256 who, uint96 amount) external {
        act(nodeAt(who), address(registry), abi.encodeCall(registry.unbond, (Amount.wrap(amount % 100 ether))));
    }

    function cancelUnbonding(uint256 who) external {
        act(nodeAt(who), address(registry), abi.encodeCall(registry.cancelUnbonding, ()));
    }

    function withdraw(uint256 who, bool wait) external {
        address node = nodeAt(who);
        uint256 ready = registry.node(node).unbondedAt;
        if (wait && ready > vm.getBlockTimestamp() && who % 8 == 0) vm.warp(ready);
        act(node, address(registry), abi.encodeCall(registry.withdraw, ()));
    }

    /// @dev What others may do to a job of somebody: nothing. Success is a broken promise.
    function attack(uint256 which, uint256 how) external {
        (JobId jobId, Job memory job) = pick(which);
        bytes[8] memory tries = [
            abi.encodeCall(market.accept, (jobId, nodeAt(how), job.maxRate)),
            abi.encodeCall(market.cancel, (jobId)),
            abi.encodeCall(market.start, (jobId)),
            abi.encodeCall(market.decline, (jobId)),
            abi.encodeCall(market.stop, (jobId)),
            abi.encodeCall(market.markClaimed, (jobId)),
            abi.encodeCall(market.withdrawBid, (jobId, nodeAt(how))),
            abi.encodeCall(market.bid, (jobId, nodeAt(how), job.maxRate, type(uint32).max))
        ];
        vm.prank(attacker);
        (bool ok,) = address(market).call(tries[how % 8]);
        if (ok) broken = "an attacker acted for somebody else";
    }

    function pass(uint32 time) external {
        vm.warp(vm.getBlockTimestamp() + time % 2 hours);
    }

    // ---- views for the invariants

    function nodeCount() external view returns (uint256) {
        return nodeKeys.length;
    }

    function nodeAt(uint256 who) public view returns (address) {
        return vm.addr(nodeKeys[who % nodeKeys.length]);
    }

    function endedCount() external view returns (uint256) {
        return endedJobs.length;
    }

    // ---- inside

    /// @dev One of the last six jobs.
    function pick(uint256 which) private returns (JobId jobId, Job memory job) {
        uint256 count = market.jobCount();
        uint256 recent = count < 6 ? count : 6;
        jobId = JobId.wrap(recent == 0 ? 0 : count - which % recent);
        job = market.job(jobId);
        picked = jobId;
    }

    function act(address who, address target, bytes memory data) private {
        Service memory before = market.service(picked);
        uint256 ofNode = token.balanceOf(before.node);
        uint256 bonds = token.balanceOf(address(distribution));
        vm.prank(who);
        (bool ok,) = target.call(data);
        if (ok) passed++;
        else refused++;
        if (before.node != address(0) && market.job(picked).state == JobState.Settled) checkPay(before, ofNode, bonds);
        uint256 count = market.jobCount();
        for (uint256 i = count; i > 0 && i + 6 > count; i--) {
            JobState state = market.job(JobId.wrap(i)).state;
            if ((state == JobState.Settled || state == JobState.Cancelled) && ended[i] == 0) {
                ended[i] = keccak256(abi.encode(market.job(JobId.wrap(i))));
                endedJobs.push(i);
            }
        }
    }

    /// @dev What a node gets when its job is settled: nothing without service, at most the price of the seconds in service,
    /// at most the escrow; a half of the bond comes on top when a dispute was lost.
    function checkPay(Service memory before, uint256 ofNode, uint256 bonds) private {
        // Over before: what the node moves now is its stake.
        if (before.state == JobState.Settled) return;
        uint256 gained = token.balanceOf(before.node) - ofNode;
        uint256 bond = bonds - token.balanceOf(address(distribution));
        uint256 end = vm.getBlockTimestamp() < before.endsAt ? vm.getBlockTimestamp() : before.endsAt;
        uint256 price = before.rate.costOf(uint32(end - before.startedAt));
        if (gained > price + bond) broken = "paid without service";
        if (gained > before.escrow.raw() + bond) broken = "paid more than the escrow";
    }

    function keyOf(address node) private view returns (uint256) {
        for (uint256 i = 0; i < nodeKeys.length; i++) {
            if (vm.addr(nodeKeys[i]) == node) return nodeKeys[i];
        }
        return 1;
    }

    function sign(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
