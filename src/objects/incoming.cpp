// SPDX-License-Identifier: Apache-2.0
#include "objects/incoming.hpp"

#include "encoding/base64_string.hpp"

namespace otabahn::objects {
namespace {

std::vector<ChecksumKind> list_kinds(const Promise& promise) {
    auto out = promise.wanted;
    if (promise.checksum) out.push_back(promise.checksum->first);
    return out;
}

}  // namespace

IncomingBody::IncomingBody(std::unique_ptr<runtime::BlobWriter> writer, Promise promise, std::string md5)
    : writer_(std::move(writer)), promise_(std::move(promise)), promised_md5_(std::move(md5)), digest_(list_kinds(promise_)) {}

Outcome<std::unique_ptr<IncomingBody>> IncomingBody::begin(runtime::BlobStore& blobs, Promise promise) {
    std::string md5;
    if (promise.content_md5) {
        auto bytes = encoding::from_base64(*promise.content_md5);
        if (!bytes || bytes->size() != 16)
            return awsapi::service_fail(
                "InvalidDigest", 400,
                "The Content-MD5 you specified is not valid: '" + *promise.content_md5 + "' is not the base64 of 16 bytes.",
                {{"Content-MD5", *promise.content_md5}});
        md5 = std::move(*bytes);
    }
    auto writer = blobs.create();
    if (!writer) return Unexpected(inner_failure(writer.error()));
    return std::unique_ptr<IncomingBody>(new IncomingBody(std::move(writer).value(), std::move(promise), std::move(md5)));
}

Outcome<void> IncomingBody::append(ByteView bytes) {
    if (digest_.size() + bytes.size() > promise_.limit)
        return awsapi::service_fail("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed object size.",
                                    {{"MaxSizeAllowed", std::to_string(promise_.limit)}});
    digest_.update(bytes);
    if (auto written = writer_->append(bytes); !written) return Unexpected(inner_failure(written.error()));
    return {};
}

Outcome<std::string> IncomingBody::commit() {
    digest_.finish();
    if (!promised_md5_.empty() && promised_md5_ != digest_.md5())
        return Unexpected(bad_digest("The Content-MD5 you specified did not match what we received."));
    if (promise_.checksum) {
        const auto& [kind, value] = *promise_.checksum;
        if (digest_.checksums().at(kind) != value)
            return Unexpected(
                bad_digest("The " + std::string(sigv4::to_string(kind)) + " you specified did not match the calculated checksum."));
    }
    auto id = writer_->commit();
    if (!id) return Unexpected(inner_failure(id.error()));
    return std::move(id).value();
}

Result<void> ObjectWriter::append(ByteView bytes) {
    if (auto done = body_->append(bytes); !done) return Unexpected(to_error(done.error()));
    return {};
}

Result<std::string> ObjectWriter::commit() {
    auto id = body_->commit();
    if (!id) return Unexpected(to_error(id.error()));
    return std::move(id).value();
}

}  // namespace otabahn::objects
