// SPDX-License-Identifier: Apache-2.0
// Opens a stream for reading: what its role may read, which object each file is now, and whether that is still the object the
// stream was made of. A file that may not be read keeps its stream from nothing else: it carries its own refusal.
#include "otawire/stream_limits.hpp"
#include "streams/stored_stream.hpp"
#include "streams/streams.hpp"

#include <utility>

namespace otabahn::streams {

namespace {

struct Reading {
    runtime::Store& store;
    objects::Objects& objects;
    access::Access& access;
    const otawire::StreamLimits& limits;
    const Scope& scope;
    const StoredStream& stream;
};

std::string address_of(const StoredFile& file) {
    return "s3://" + file.bucket + "/" + file.key + (file.version ? " (version " + *file.version + ")" : "");
}

// May the stream's role read the object? Whatever says no, the device is told Unauthorized.
std::optional<Error> judge_role(const Reading& reading, const StoredFile& file) {
    const std::string object = "arn:aws:s3:::" + file.bucket + "/" + file.key;
    const std::string source = reading.scope.arn("iot", "stream/" + reading.stream.id);
    for (const char* action : {"s3:GetObject", "s3:GetObjectVersion"}) {
        if (action == std::string_view("s3:GetObjectVersion") && !file.version) continue;
        auto allowed = reading.access.check_role(reading.scope.account, reading.stream.role_arn, source, action, object);
        if (allowed) continue;
        Error refusal = std::move(allowed).error();
        if (refusal.code != ErrorCode::internal && refusal.code != ErrorCode::unavailable) refusal.code = ErrorCode::access_denied;
        return refusal;
    }
    return std::nullopt;
}

std::optional<Error> judge_bucket(const Reading& reading, const StoredFile& file) {
    const auto bucket = reading.objects.find_bucket(file.bucket);
    if (!bucket) return bucket.error();
    if (!*bucket) return Error(ErrorCode::not_found, "The stream's bucket " + file.bucket + " does not exist.");
    if ((*bucket)->owner != reading.scope.account)
        return Error(ErrorCode::access_denied,
                     "The stream's bucket " + file.bucket + " belongs to another account, which grants nothing here.");
    if ((*bucket)->region != reading.scope.region)
        return Error(ErrorCode::not_found, "The stream's bucket " + file.bucket + " is in " + (*bucket)->region.text() +
                                               ", the stream in " + reading.scope.region.text() + "; both must be in one region.");
    return std::nullopt;
}

// Was another object put in the place of the one that the stream was made of?
std::optional<Error> judge_etag(const Reading& reading, const StoredFile& file, const objects::ObjectVersion& object) {
    const std::string pinned = [&] {
        if (file.etag) return *file.etag;
        return reading.store
            .write([&](runtime::SqlSession& session) -> Result<std::string> {
                return pin_etag(session, reading.scope, reading.stream.id, file, object.etag);
            })
            .value_or(object.etag);
    }();
    if (pinned == object.etag) return std::nullopt;
    return Error(ErrorCode::conflict, "The object " + address_of(file) + " has changed since the stream was made: its ETag is " +
                                          object.etag + " and was " + pinned + ". Update the stream, or name a version in it.");
}

std::optional<Error> open_file(const Reading& reading, const StoredFile& file, StreamFile& out) {
    if (auto refusal = judge_role(reading, file)) return refusal;
    if (auto refusal = judge_bucket(reading, file)) return refusal;
    const auto object = reading.objects.find_object(file.bucket, file.key, file.version);
    if (!object) return object.error();
    if (!*object) return Error(ErrorCode::not_found, "The stream's object " + address_of(file) + " does not exist.");
    out.size = (*object)->size;
    if (auto refusal = judge_etag(reading, file, **object)) return refusal;
    if (out.size > reading.limits.file_bytes)
        return Error(ErrorCode::limit_exceeded, "The file has " + std::to_string(out.size) + " bytes; a stream serves files of at most " +
                                                    std::to_string(reading.limits.file_bytes) + " bytes (24 MB).");
    auto blob = reading.objects.open(**object);
    if (!blob) return blob.error();
    out.blob = std::move(*blob);
    return std::nullopt;
}

std::string role_name_of(const std::string& role_arn) { return role_arn.substr(role_arn.rfind('/') + 1); }

}  // namespace

Result<std::shared_ptr<const OpenStream>> Streams::load(const Scope& scope, const StreamId& stream) {
    const auto stored = store_.read([&](runtime::SqlSession& session) { return find_stream(session, scope, stream.text()); });
    if (!stored)
        return fail(ErrorCode::not_found,
                    "There is no stream " + stream.text() + " in " + scope.region.text() + " of account " + scope.account.text() + ".",
                    scope.arn("iot", "stream/" + stream.text()));
    const Reading reading{store_, objects_, access_, extended_quotas_ ? otawire::extended_limits : otawire::aws_limits, scope, *stored};
    auto out = std::make_shared<OpenStream>(
        OpenStream{scope, stored->id, stored->description.value_or(""), stored->version, {}, role_name_of(stored->role_arn)});
    for (const StoredFile& file : stored->files) {
        StreamFile opened{
            .file_id = file.file_id, .size = 0, .blob = nullptr, .refusal = std::nullopt, .bucket = file.bucket, .key = file.key};
        opened.refusal = open_file(reading, file, opened);
        out->files.push_back(std::move(opened));
    }
    return std::shared_ptr<const OpenStream>(std::move(out));
}

}  // namespace otabahn::streams
