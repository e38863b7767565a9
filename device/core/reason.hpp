// SPDX-License-Identifier: Apache-2.0
// The words that statusDetails.reason may hold, each in one row: what people filter a fleet by. docs/device.md lists this
// table (a test holds them together). The words are sent and the numbers are stored: neither may change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace otabahn::device {

enum class Reason : std::uint8_t {
    none = 0,
    downloading = 1,
    verifying = 2,
    on_trial = 3,
    updated = 4,
    already_running = 5,

    document_no_object = 20,
    document_incomplete = 21,
    operation_unknown = 22,
    schema_unsupported = 23,
    role_unknown = 24,
    files_unsupported = 25,
    release_required = 26,
    release_mismatch = 27,
    unsigned_file = 28,
    signature_wrong = 29,
    certificate_unknown = 30,
    product_mismatch = 31,
    hardware_mismatch = 32,
    version_lower = 33,
    version_equal = 34,
    version_too_old_for = 35,
    image_too_large = 36,
    no_transfer = 37,
    declined = 38,
    counter_lower = 39,

    stream_not_found = 60,
    stream_changed = 61,
    stream_unreadable = 62,
    stream_refused = 63,
    stream_size = 64,
    image_hash = 65,
    image_signature = 66,
    slot_write = 67,
    slot_read = 68,
    state_write = 69,
    activation = 70,
    program_exited = 71,
    self_test = 72,
    rebooted_on_trial = 73,
    not_booted = 74,
    confirmation = 75,
    rollback = 76,
    hook = 77,
    stream_silent = 78,
};

struct ReasonRow {
    Reason reason;
    std::string_view word;
    std::string_view status;  // the job execution's status that it comes with
    std::string_view meaning;
};

// "REJECTED": found before the first block, while the execution was QUEUED; the same word comes with FAILED when the
// execution was IN_PROGRESS already (an agent that starts again judges again).
inline constexpr ReasonRow reason_table[] = {
    {Reason::none, "none", "", "nothing to say"},
    {Reason::downloading, "downloading", "IN_PROGRESS", "blocks are on their way; progress counts them"},
    {Reason::verifying, "verifying", "IN_PROGRESS", "the image is read back from its slot and checked"},
    {Reason::on_trial, "on-trial", "IN_PROGRESS", "the new image runs its self-test"},
    {Reason::updated, "updated", "SUCCEEDED", "the new image passed its self-test and is confirmed"},
    {Reason::already_running, "already-running", "SUCCEEDED", "this very image runs already"},

    {Reason::document_no_object, "document-no-object", "REJECTED", "the job's document is no JSON object"},
    {Reason::document_incomplete, "document-incomplete", "REJECTED", "a member is missing, or is not of its form"},
    {Reason::operation_unknown, "operation-unknown", "REJECTED", "the document asks for something this agent does not do"},
    {Reason::schema_unsupported, "schema-unsupported", "REJECTED", "the document is of a later schema than this agent knows"},
    {Reason::role_unknown, "role-unknown", "REJECTED", "a file has a role that this agent does not know"},
    {Reason::files_unsupported, "files-unsupported", "REJECTED", "the document does not name exactly one image"},
    {Reason::release_required, "release-required", "REJECTED", "require_release is set, and the document has no signed release"},
    {Reason::release_mismatch, "release-mismatch", "REJECTED", "the document says other than the release that it carries"},
    {Reason::unsigned_file, "unsigned", "REJECTED", "the image has no signature, and allow_unsigned is not set"},
    {Reason::signature_wrong, "signature-wrong", "REJECTED", "the signature fits no trusted certificate"},
    {Reason::certificate_unknown, "certificate-unknown", "REJECTED", "the certificate that the signature names is not trusted here"},
    {Reason::product_mismatch, "product-mismatch", "REJECTED", "the release is for another product"},
    {Reason::hardware_mismatch, "hardware-mismatch", "REJECTED", "the release is for other hardware"},
    {Reason::version_lower, "version-lower", "REJECTED", "the version is lower than what runs, and allow_downgrade is not set"},
    {Reason::version_equal, "version-equal", "REJECTED", "another image of the version that runs, and allow_downgrade is not set"},
    {Reason::version_too_old_for, "version-too-old-for", "REJECTED", "what runs is older than the release's minVersion"},
    {Reason::image_too_large, "image-too-large", "REJECTED", "the image does not fit into a slot"},
    {Reason::no_transfer, "no-transfer", "REJECTED", "the document offers no way to fetch the image that this agent takes"},
    {Reason::declined, "declined", "REJECTED", "the application did not allow the download"},
    {Reason::counter_lower, "counter-lower", "REJECTED", "the release's securityCounter is lower than one that was confirmed here"},

    {Reason::stream_not_found, "stream-not-found", "FAILED", "there is no such stream or file"},
    {Reason::stream_changed, "stream-changed", "FAILED", "the object behind the stream is another one by now"},
    {Reason::stream_unreadable, "stream-unreadable", "FAILED", "the service may not read the object behind the stream"},
    {Reason::stream_refused, "stream-refused", "FAILED", "the service refused the request for blocks"},
    {Reason::stream_size, "stream-size", "FAILED", "the stream's file is not as long as the document says"},
    {Reason::stream_silent, "stream-silent", "FAILED", "no block came for give_up_seconds, though it was asked for"},
    {Reason::image_hash, "image-hash", "FAILED", "the SHA-256 of what was written is another"},
    {Reason::image_signature, "image-signature", "FAILED", "the signature does not fit what was written"},
    {Reason::slot_write, "slot-write", "FAILED", "the slot could not be written"},
    {Reason::slot_read, "slot-read", "FAILED", "the slot could not be read back"},
    {Reason::state_write, "state-write", "FAILED", "the agent's state could not be written"},
    {Reason::activation, "activation", "FAILED", "the slot could not be made the one that starts"},
    {Reason::program_exited, "program-exited", "FAILED", "the new program ended during its trial; rolled back"},
    {Reason::self_test, "self-test", "FAILED", "the self-test failed; rolled back"},
    {Reason::rebooted_on_trial, "rebooted-on-trial", "FAILED", "the machine booted before the trial was passed; rolled back"},
    {Reason::not_booted, "not-booted", "FAILED", "the machine came up with the old image"},
    {Reason::confirmation, "confirmation", "FAILED", "the slot could not be confirmed; rolled back"},
    {Reason::hook, "hook", "FAILED", "a hook failed; message names it; what was done is rolled back"},
    {Reason::rollback, "rollback", "FAILED", "the roll-back failed too; see message for what runs"},
};

std::string_view word_of(Reason reason);

// What was stored, or `none` for a number that no row has.
Reason reason_from(std::uint8_t stored);

}  // namespace otabahn::device
