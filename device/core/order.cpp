// SPDX-License-Identifier: Apache-2.0
#include "device/core/order.hpp"

#include "encoding/base64.hpp"
#include "encoding/slice.hpp"
#include "otawire/release_manifest.hpp"
#include "otawire/version.hpp"

namespace otabahn::device {

namespace {

using encoding::JsonString;

Judgement refuse(Reason reason) {
    Judgement judgement;
    judgement.verdict = Verdict::refused;
    judgement.reason = reason;
    return judgement;
}

Judgement refuse(Reason reason, std::string_view message) {
    Judgement judgement = refuse(reason);
    judgement.message.append(message);
    return judgement;
}

Judgement go(Verdict verdict) {
    Judgement judgement;
    judgement.verdict = verdict;
    return judgement;
}

// A text of the document into bounded memory, as it will be shown: no control characters.
template <std::size_t N>
bool keep(const JsonString& text, FixedText<N>& out) {
    char decoded[N];
    const auto plain = text.decode(std::span<char>(decoded, N));
    if (!plain) return false;
    for (char c : *plain)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
    return out.assign(*plain);
}

Reason reason_of(otawire::DocumentFault fault) {
    using otawire::DocumentFault;
    switch (fault) {
        case DocumentFault::not_json:
            return Reason::document_no_object;
        case DocumentFault::missing_member:
        case DocumentFault::wrong_type:
        case DocumentFault::out_of_range:
        case DocumentFault::duplicate_file:
            return Reason::document_incomplete;
        case DocumentFault::unknown_operation:
            return Reason::operation_unknown;
        case DocumentFault::schema_too_high:
            return Reason::schema_unsupported;
        case DocumentFault::unknown_role:
            return Reason::role_unknown;
        case DocumentFault::unknown_algorithm:
            return Reason::signature_wrong;
        case DocumentFault::too_many_files:
        case DocumentFault::no_image:
            return Reason::files_unsupported;
        case DocumentFault::no_transport:
            return Reason::no_transfer;
    }
    return Reason::document_incomplete;
}

Judgement refuse(const otawire::DocumentRefusal& refusal, std::string_view what) {
    char sentence[160];
    return refuse(reason_of(refusal.fault), otawire::describe(refusal, what, std::span<char>(sentence, sizeof sentence)));
}

SignatureKind kind_of(otawire::SignatureAlgorithm algorithm) {
    switch (algorithm) {
        case otawire::SignatureAlgorithm::sha256_ecdsa:
            return SignatureKind::sha256_ecdsa;
        case otawire::SignatureAlgorithm::sha256_rsa:
            return SignatureKind::sha256_rsa;
        case otawire::SignatureAlgorithm::sha1_ecdsa:
        case otawire::SignatureAlgorithm::sha1_rsa:
            break;
    }
    return SignatureKind::none;
}

// Base64 of a JSON string; most signatures have no escapes, some JSON writers escape "/".
std::optional<std::size_t> decode_bytes(const JsonString& text, std::span<std::uint8_t> out) {
    if (const auto plain = text.plain()) return encoding::decode_base64(*plain, out, encoding::Base64Padding::lenient);
    // Decoded in place: base64 text is longer than its bytes, so it must fit first.
    const auto decoded = text.decode(std::span<char>(reinterpret_cast<char*>(out.data()), out.size()));
    if (!decoded) return std::nullopt;
    encoding::Base64Decoder decoder(encoding::Base64Padding::lenient);
    std::size_t size = 0;
    for (std::size_t at = 0; at < decoded->size(); at += 4) {
        char group[4];
        const std::string_view piece = encoding::slice(*decoded, at, 4);
        for (std::size_t i = 0; i < piece.size(); ++i) group[i] = piece[i];
        std::uint8_t bytes[8];
        const auto count = decoder.append(std::string_view(group, piece.size()), std::span<std::uint8_t>(bytes, sizeof bytes));
        if (!count) return std::nullopt;
        for (std::size_t i = 0; i < *count; ++i) out[size++] = bytes[i];
    }
    if (!decoder.finish()) return std::nullopt;
    return size;
}

// Not a secret's hash: it only tells one order from another, and what it names is verified in full before use.
Digest mix(ByteView first, std::uint64_t second) {
    Digest out{};
    for (std::size_t lane = 0; lane < 4; ++lane) {
        std::uint64_t hash = 0xcbf29ce484222325ULL + lane * 0x9e3779b97f4a7c15ULL;
        for (std::uint8_t byte : first) hash = (hash ^ byte) * 0x100000001b3ULL;
        for (int i = 0; i < 8; ++i) hash = (hash ^ (second >> (8 * i) & 0xFF)) * 0x100000001b3ULL;
        for (std::size_t i = 0; i < 8; ++i) out[lane * 8 + i] = static_cast<std::uint8_t>(hash >> (8 * i));
    }
    return out;
}

bool is_hash_version(std::string_view version) { return encoding::begins_with(version, "sha256:"); }

const otawire::UpdateFile* the_image(const otawire::JobDocument& document) {
    const otawire::UpdateFile* image = nullptr;
    for (const otawire::UpdateFile& file : document.files()) {
        if (file.role == otawire::FileRole::index) continue;  // for deltas; the whole image does without
        if (file.role != otawire::FileRole::image || image != nullptr) return nullptr;
        image = &file;
    }
    return image;
}

Judgement take_image_signature(const otawire::UpdateFile& file, JudgeMemory memory, Order& order) {
    order.kind = kind_of(file.signature->algorithm);
    if (order.kind == SignatureKind::none)
        return refuse(Reason::signature_wrong, "The image's signature is made with SHA-1, which is not trusted.");
    const auto size = decode_bytes(file.signature->value, memory.signature);
    if (!size || *size == 0)
        return refuse(Reason::document_incomplete, "The image's signature is no base64, or longer than this device takes.");
    order.signature_size = *size;
    if (!keep(file.signature->certificate, order.certificate)) order.certificate.clear();  // it is a hint only
    return go(Verdict::accepted);
}

// No setting lifts this: who can order anything must not bring an old hole back. A document without a release has counter 0.
Judgement judge_counter(const Order& order, const Record& record) {
    if (order.image.counter >= record.counter) return go(Verdict::accepted);
    Judgement judgement = refuse(Reason::counter_lower);
    judgement.message.append("The release's securityCounter is ")
        .append(std::uint64_t{order.image.counter})
        .append(", this device has confirmed ")
        .append(std::uint64_t{record.counter})
        .append(".");
    return judgement;
}

// What comes once nothing speaks against the order but, maybe, the image's own signature.
Judgement image_check(const Order& order) {
    return go(order.kind != SignatureKind::none && order.hash_stated ? Verdict::check_image : Verdict::accepted);
}

}  // namespace

SignatureFacts signature_of(const Order& order, std::span<const std::uint8_t> memory) {
    return {order.kind, ByteView{memory.data(), order.signature_size}, order.certificate.view(), order.introduced};
}

Judgement read_order(std::string_view text, const Policy& policy, const Record& record, JudgeMemory memory, Order& order,
                     SignatureFacts& release_signature, ByteView& manifest) {
    order = Order();
    otawire::JobDocument document;
    if (const auto refusal = otawire::read_job_document(text, document)) return refuse(*refusal, "The job document");
    if (!document.over_mqtt) return refuse(Reason::no_transfer, "The document offers HTTP only; this agent takes MQTT streams.");
    const otawire::UpdateFile* file = the_image(document);
    if (file == nullptr) return refuse(Reason::files_unsupported, "The document must name exactly one file of role image.");
    if (!keep(document.stream, order.stream)) return refuse(Reason::document_incomplete, "The stream's name is not of its form.");
    if (!keep(document.version, order.image.version))
        return refuse(Reason::document_incomplete, "The version is longer than 64 characters, or holds control characters.");
    order.file_id = file->file_id;
    order.introduced = release_signature.introduced = document.certificates;
    order.image.size = file->size;
    if (file->size == 0) return refuse(Reason::document_incomplete, "The image's size is 0.");
    if (file->size > policy.slot_bytes) {
        Judgement judgement = refuse(Reason::image_too_large);
        judgement.message.append("The image has ").append(file->size).append(" bytes, a slot takes ").append(policy.slot_bytes).append(".");
        return judgement;
    }
    if (file->sha256) {
        order.hash_stated = true;
        order.image.sha256 = order.image.identity = *file->sha256;
    }

    order.has_release = document.release.has_value();
    if (policy.require_release && !order.has_release)
        return refuse(Reason::release_required, "The document carries no signed release, and require_release is set.");
    if (order.has_release) {
        const otawire::SignedRelease& release = *document.release;
        release_signature.kind = kind_of(release.signature.algorithm);
        if (release_signature.kind == SignatureKind::none)
            return refuse(Reason::signature_wrong, "The release's signature is made with SHA-1, which is not trusted.");
        const auto signature_size = decode_bytes(release.signature.value, memory.signature);
        const auto manifest_size = decode_bytes(release.manifest, memory.scratch);
        if (!signature_size || *signature_size == 0 || !manifest_size)
            return refuse(Reason::document_incomplete,
                          "The release's manifest or signature is no base64, or longer than this device takes.");
        if (!keep(release.signature.certificate, order.certificate)) order.certificate.clear();
        release_signature.value = {memory.signature.data(), *signature_size};
        release_signature.certificate = order.certificate.view();
        manifest = {memory.scratch.data(), *manifest_size};
        return go(Verdict::check_release);
    }

    if (file->signature) {
        Judgement taken = take_image_signature(*file, memory, order);
        if (taken.verdict == Verdict::refused) return taken;
    } else if (!policy.allow_unsigned) {
        return refuse(Reason::unsigned_file, "The image carries no signature, and allow_unsigned is not set.");
    }
    if (!order.hash_stated)
        order.image.identity = order.signature_size > 0 ? mix({memory.signature.data(), order.signature_size}, order.image.size)
                                                        : mix(as_bytes(order.stream.view()), order.image.size * 256 + order.file_id);
    if (const Judgement counter = judge_counter(order, record); counter.verdict == Verdict::refused) return counter;
    Judgement version = judge_version(order, policy, record);
    return version.verdict == Verdict::accepted ? image_check(order) : version;
}

Judgement judge_release(std::string_view text, ByteView manifest_bytes, const Policy& policy, const Record& record, JudgeMemory memory,
                        Order& order) {
    otawire::ReleaseManifest manifest;
    if (const auto refusal = otawire::read_release_manifest(as_text(manifest_bytes), manifest)) return refuse(*refusal, "The release");
    if (!manifest.fits_product(policy.product)) {
        Judgement judgement = refuse(Reason::product_mismatch);
        FixedText<64> product;
        keep(manifest.product, product);
        judgement.message.append("The release is for product '")
            .append(product.view())
            .append("', this device is '")
            .append(policy.product)
            .append("'.");
        return judgement;
    }
    if (!manifest.fits_hardware(policy.hardware)) {
        Judgement judgement = refuse(Reason::hardware_mismatch);
        judgement.message.append("The release is not for hardware '").append(policy.hardware).append("'.");
        return judgement;
    }
    FixedText<64> version;
    if (!keep(manifest.version, version) || version.empty() || !keep(manifest.min_version, order.min_version))
        return refuse(Reason::document_incomplete, "The release's version or minVersion is not of its form.");
    if (!order.image.version.empty() && !(version == order.image.version)) {
        Judgement judgement = refuse(Reason::release_mismatch);
        judgement.message.append("The document says version ")
            .append(order.image.version.view())
            .append(", its release ")
            .append(version.view())
            .append(".");
        return judgement;
    }
    if (!order.hash_stated || manifest.find_file(order.image.sha256, order.image.size) == nullptr)
        return refuse(Reason::release_mismatch, "The release does not list the document's image with its size and SHA-256.");
    order.image.version = version;
    order.image.version_signed = true;
    order.image.counter = manifest.counter;
    if (const Judgement counter = judge_counter(order, record); counter.verdict == Verdict::refused) return counter;

    // The image's own signature comes into the memory that the release's had.
    otawire::JobDocument document;
    const otawire::UpdateFile* file = otawire::read_job_document(text, document) ? nullptr : the_image(document);
    if (file == nullptr) return refuse(Reason::document_no_object);
    if (file->signature) {
        Judgement taken = take_image_signature(*file, memory, order);
        if (taken.verdict == Verdict::refused) return taken;
    }

    const std::string_view running = record.slots[record.active].version.view();
    if (!order.min_version.empty() && (is_hash_version(running) || otawire::compare_versions(running, order.min_version.view()) < 0)) {
        Judgement judgement = refuse(Reason::version_too_old_for);
        judgement.message.append("The release needs at least ")
            .append(order.min_version.view())
            .append(", ")
            .append(running)
            .append(" runs.");
        return judgement;
    }
    Judgement judged = judge_version(order, policy, record);
    return judged.verdict == Verdict::accepted ? image_check(order) : judged;
}

Judgement judge_trust(Trust trust, std::string_view what, std::string_view certificate, std::string_view detail) {
    Judgement judgement = refuse(Reason::signature_wrong);
    switch (trust) {
        case Trust::good:
            return go(Verdict::accepted);
        case Trust::unknown_certificate:
            judgement.reason = Reason::certificate_unknown;
            judgement.message.append("The signature of the ")
                .append(what)
                .append(" names '")
                .append(certificate)
                .append("', which is not trusted here, and fits no other certificate.");
            break;
        case Trust::unsupported:
            judgement.message.append("The signature of the ").append(what).append(" is of a kind that cannot be checked here.");
            break;
        case Trust::wrong:
            judgement.message.append("The signature of the ").append(what).append(" fits no trusted certificate.");
            if (!certificate.empty()) judgement.message.append(" It names '").append(certificate).append("'.");
            break;
    }
    if (!detail.empty()) judgement.message.append(" ").append(detail);
    return judgement;
}

Judgement judge_version(const Order& order, const Policy& policy, const Record& record) {
    const SlotImage& running = record.slots[record.active];
    const std::string_view wanted = order.image.version.view();
    const bool same_bytes = running.present && running.size == order.image.size &&
                            (order.hash_stated ? running.sha256 == order.image.sha256 : running.identity == order.image.identity);
    if (same_bytes && (wanted.empty() || otawire::compare_versions(wanted, running.version.view()) == 0))
        return go(Verdict::already_running);
    if (policy.allow_downgrade || wanted.empty()) return go(Verdict::accepted);

    const auto held_against = [&](std::string_view version, const Digest& sha256, std::string_view whose) {
        if (version.empty() || is_hash_version(version)) return go(Verdict::accepted);
        const auto order_of = otawire::compare_versions(wanted, version);
        if (order_of > 0 || (order_of == 0 && order.image.sha256 == sha256)) return go(Verdict::accepted);
        Judgement judgement = refuse(order_of < 0 ? Reason::version_lower : Reason::version_equal);
        judgement.message.append(wanted)
            .append(order_of < 0 ? " is lower than " : " is another image of the version ")
            .append(version)
            .append(whose)
            .append(", and allow_downgrade is not set.");
        return judgement;
    };
    // A version that nobody signed is a claim: it bars other claims, never a signed release.
    Judgement against_floor = held_against(record.floor_version.view(), record.floor_sha256,
                                           record.floor_version == running.version ? ", which runs" : ", the highest that was vouched for");
    if (against_floor.verdict == Verdict::refused || order.image.version_signed) return against_floor;
    return held_against(running.version.view(), running.sha256, ", which runs");
}

}  // namespace otabahn::device
