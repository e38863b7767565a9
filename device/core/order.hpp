// SPDX-License-Identifier: Apache-2.0
// What a job orders, judged before the first block is asked for (design 4): is the document whole, who vouches for it, is it
// for this device, is it newer. Pure: the signatures are checked by whoever asks, between two of these steps. Owned by Update.
#pragma once

#include "device/core/action.hpp"
#include "device/core/record.hpp"
#include "otawire/job_document.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace otabahn::device {

// What the device is and lets happen. The views outlive the update.
struct Policy {
    std::string_view product;
    std::string_view hardware;
    std::uint64_t slot_bytes = 0;
    bool require_release = false;
    bool allow_downgrade = false;
    bool allow_unsigned = false;
};

struct Order {
    FixedText<128> stream;
    std::uint32_t file_id = 0;
    SlotImage image;  // as it will be recorded; afr_ota: without version and SHA-256 until verified
    bool hash_stated = false;
    bool has_release = false;
    SignatureKind kind = SignatureKind::none;  // of the image; its bytes lie in the memory handed in
    std::size_t signature_size = 0;
    FixedText<96> certificate;

    FixedText<64> min_version;    // of the release
    std::string_view introduced;  // of the document, which outlives the order

    // For people.
    std::string_view called() const { return image.version.empty() ? std::string_view("the image") : image.version.view(); }
};

enum class Verdict : std::uint8_t { refused, already_running, check_release, check_image, accepted };

struct Judgement {
    Verdict verdict = Verdict::accepted;
    Reason reason = Reason::none;
    Message message;
};

// Memory of one judgement; `scratch` holds the manifest while its signature is checked.
struct JudgeMemory {
    std::span<std::uint8_t> scratch;
    std::span<std::uint8_t> signature;  // of the release, then of the image
};

// `document` as it stands in the execution (an object's text).
Judgement read_order(std::string_view document, const Policy& policy, const Record& record, JudgeMemory memory, Order& order,
                     SignatureFacts& release_signature, ByteView& manifest);

// The release's signature holds: what it says is judged. `document` and `manifest` are those of read_order.
Judgement judge_release(std::string_view document, ByteView manifest, const Policy& policy, const Record& record, JudgeMemory memory,
                        Order& order);

// Of a signature that does not hold.
Judgement judge_trust(Trust trust, std::string_view what, std::string_view certificate, std::string_view detail);

// Is this version one to go to, from what runs? Also the last word for documents without a release.
Judgement judge_version(const Order& order, const Policy& policy, const Record& record);

SignatureFacts signature_of(const Order& order, std::span<const std::uint8_t> memory);

}  // namespace otabahn::device
