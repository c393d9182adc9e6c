// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {MeteringEntry, MeteringLog} from "../../src/libraries/MeteringLog.sol";
import {Payout} from "../../src/libraries/Payout.sol";
import {Receipt, ReceiptVerifier} from "../../src/libraries/ReceiptVerifier.sol";
import {Amount, JobId, Rate} from "../../src/types/Values.sol";
import {TestBase} from "../support/TestBase.sol";

/// @notice The encodings agree with the vectors that other languages are tested with.
contract VectorsTest is TestBase {
    function test_receipts() public view {
        string memory json = vm.readFile("test/vectors/receipts.json");
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("ZLayer RewardDistribution"),
                keccak256("1"),
                number(json, ".domain.chainId"),
                vm.parseJsonAddress(json, ".domain.verifyingContract")
            )
        );
        uint256 count = number(json, ".count");
        for (uint256 i = 0; i < count; i++) {
            string memory at = string.concat(".vectors[", vm.toString(i), "]");
            Receipt memory receipt = Receipt({
                jobId: JobId.wrap(number(json, string.concat(at, ".receipt.jobId"))),
                sequence: uint32(number(json, string.concat(at, ".receipt.sequence"))),
                usedSeconds: uint32(number(json, string.concat(at, ".receipt.usedSeconds"))),
                amount: Amount.wrap(uint96(number(json, string.concat(at, ".receipt.amount")))),
                usageRoot: vm.parseJsonBytes32(json, string.concat(at, ".receipt.usageRoot")),
                isFinal: vm.parseJsonBool(json, string.concat(at, ".receipt.isFinal"))
            });
            bytes32 structHash = ReceiptVerifier.structHash(receipt);
            vm.assertEq(structHash, vm.parseJsonBytes32(json, string.concat(at, ".structHash")));
            bytes32 digest = keccak256(abi.encodePacked(hex"1901", domain, structHash));
            vm.assertEq(digest, vm.parseJsonBytes32(json, string.concat(at, ".digest")));
            vm.assertEq(
                this.signer(digest, vm.parseJsonBytes(json, string.concat(at, ".nodeSignature"))),
                vm.parseJsonAddress(json, ".node")
            );
            vm.assertEq(
                this.signer(digest, vm.parseJsonBytes(json, string.concat(at, ".developerSignature"))),
                vm.parseJsonAddress(json, ".receiptKey")
            );
        }
    }

    function test_metering() public view {
        string memory json = vm.readFile("test/vectors/metering.json");
        bytes32 root = vm.parseJsonBytes32(json, ".root");
        uint256 count = number(json, ".count");
        for (uint256 i = 0; i < count; i++) {
            string memory at = string.concat(".vectors[", vm.toString(i), "]");
            string memory field = string.concat(at, ".entry.");
            MeteringEntry memory entry = MeteringEntry({
                jobId: JobId.wrap(number(json, string.concat(field, "jobId"))),
                index: uint32(number(json, string.concat(field, "index"))),
                usedSeconds: uint32(number(json, string.concat(field, "usedSeconds"))),
                cpuNanoseconds: uint64(number(json, string.concat(field, "cpuNanoseconds"))),
                memoryByteSeconds: uint128(number(json, string.concat(field, "memoryByteSeconds"))),
                networkBytes: uint64(number(json, string.concat(field, "networkBytes"))),
                blockBytes: uint64(number(json, string.concat(field, "blockBytes"))),
                gpuMilliseconds: uint64(number(json, string.concat(field, "gpuMilliseconds")))
            });
            vm.assertEq(MeteringLog.leaf(entry), vm.parseJsonBytes32(json, string.concat(at, ".leaf")));
            bytes32[] memory proof = vm.parseJsonBytes32Array(json, string.concat(at, ".proof"));
            vm.assertTrue(this.contains(root, entry, proof));
            entry.usedSeconds ^= 1;
            vm.assertFalse(this.contains(root, entry, proof));
        }
    }

    function test_payouts() public view {
        string memory json = vm.readFile("test/vectors/payouts.json");
        uint256 count = number(json, ".count");
        for (uint256 i = 0; i < count; i++) {
            string memory at = string.concat(".vectors[", vm.toString(i), "].");
            Amount due = Payout.due(
                Rate.wrap(uint96(number(json, string.concat(at, "rate")))),
                uint32(number(json, string.concat(at, "used"))),
                uint32(number(json, string.concat(at, "promised"))),
                uint16(number(json, string.concat(at, "availability"))),
                Amount.wrap(uint96(number(json, string.concat(at, "escrow"))))
            );
            vm.assertEq(due.raw(), number(json, string.concat(at, "due")));
        }
    }

    function signer(bytes32 digest, bytes calldata signature) external pure returns (address) {
        return ReceiptVerifier.signer(digest, signature);
    }

    function contains(bytes32 root, MeteringEntry calldata entry, bytes32[] calldata proof)
        external
        pure
        returns (bool)
    {
        return MeteringLog.contains(root, entry, proof);
    }

    function number(string memory json, string memory key) private pure returns (uint256) {
        return vm.parseJsonUint(json, key);
    }
}
