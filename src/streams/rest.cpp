// SPDX-License-Identifier: Apache-2.0
// The five operations on streams: spec control-plane 6.7. The role is looked at when a stream is made or gets another; the
// objects are not, they are read when a device asks.
#include "access/authorised.hpp"
#include "api/iot.hpp"
#include "encoding/base64_string.hpp"
#include "otawire/stream_limits.hpp"
#include "streams/stored_stream.hpp"
#include "streams/streams.hpp"

#include <charconv>
#include <limits>
#include <set>
#include <utility>

namespace otabahn::streams {

using awsapi::Caller;
using runtime::SqlSession;
namespace iot = api::iot;

namespace {

constexpr std::int64_t streams_per_account = 10'000;  // AWS's quota
constexpr std::int64_t default_page = 25;

struct Parts {
    runtime::Store& store;
    runtime::Bus& bus;
    const runtime::Clock& clock;
    objects::Objects& objects;
    access::Access& access;
    bool extended_quotas;

    const otawire::StreamLimits& limits() const { return extended_quotas ? otawire::extended_limits : otawire::aws_limits; }
};

std::string arn_of(const Scope& scope, const std::string& id) { return scope.arn("iot", "stream/" + id); }

Unexpected<Error> no_such_stream(const Scope& scope, const std::string& id) {
    return fail(ErrorCode::not_found, "Stream " + id + " not found in " + scope.region.text() + " of account " + scope.account.text() + ".",
                arn_of(scope, id));
}

void announce(const Parts& parts, const Scope& scope, const std::string& id) {
    parts.bus.announce({runtime::ChangeKind::stream, scope, id});
}

Result<StoredFile> read_file(const iot::StreamFile& file, std::size_t place) {
    const auto missing = [place](const char* member) {
        return fail(ErrorCode::invalid_request, "files[" + std::to_string(place) + "]." + member + " is missing.");
    };
    if (!file.file_id) return missing("fileId");
    if (!file.s3_location) return missing("s3Location");
    if (!file.s3_location->bucket) return missing("s3Location.bucket");
    if (!file.s3_location->key) return missing("s3Location.key");
    return StoredFile{*file.file_id, *file.s3_location->bucket, *file.s3_location->key, file.s3_location->version, std::nullopt};
}

// What a stream is to serve, with the ETag of each object that is there already.
Result<std::vector<StoredFile>> read_files(const Parts& parts, const std::vector<iot::StreamFile>& files) {
    if (files.size() > parts.limits().files)
        return fail(ErrorCode::limit_exceeded, "A stream has at most " + std::to_string(parts.limits().files) + " files; " +
                                                   std::to_string(files.size()) + " were given.");
    std::vector<StoredFile> out;
    std::set<int> ids;
    for (const iot::StreamFile& file : files) {
        auto read = read_file(file, out.size());
        if (!read) return Unexpected(std::move(read).error());
        if (!ids.insert(read->file_id).second)
            return fail(ErrorCode::invalid_request,
                        "fileId " + std::to_string(read->file_id) + " stands in two files; each needs its own.");
        out.push_back(std::move(*read));
    }
    for (StoredFile& file : out) {
        auto object = parts.objects.find_object(file.bucket, file.key, file.version);
        if (!object) return Unexpected(std::move(object).error());
        if (*object) file.etag = (*object)->etag;
    }
    return out;
}

Result<void> check_role(const Parts& parts, const Caller& caller, const std::string& stream, const std::string& role_arn) {
    if (auto allowed = parts.access.check_caller(caller, "iam:PassRole", role_arn); !allowed) return allowed;
    return parts.access.check_role_trust(caller.scope.account, role_arn, arn_of(caller.scope, stream));
}

Result<iot::CreateStreamResponse> create_stream(const Parts& parts, const Caller& caller, const iot::CreateStreamRequest& in) {
    const Scope& scope = caller.scope;
    if (in.tags && !in.tags->empty())
        return fail(ErrorCode::invalid_request, "Tags on streams are not supported here yet; create the stream without tags.",
                    arn_of(scope, in.stream_id));
    if (auto allowed = check_role(parts, caller, in.stream_id, in.role_arn); !allowed) return Unexpected(allowed.error());
    auto files = read_files(parts, in.files);
    if (!files) return Unexpected(std::move(files).error());
    const StoredStream stream{in.stream_id, in.description, in.role_arn, 1, {}, {}, std::move(*files)};
    const auto now = parts.clock.now();
    auto out = parts.store.write([&](SqlSession& session) -> Result<iot::CreateStreamResponse> {
        if (find_stream(session, scope, stream.id))
            return fail(ErrorCode::already_exists,
                        "Stream " + stream.id + " already exists; change it with UpdateStream or choose another streamId.",
                        arn_of(scope, stream.id));
        if (!parts.extended_quotas && count_streams(session, scope) >= streams_per_account)
            return fail(ErrorCode::limit_exceeded,
                        "An account has at most 10000 streams in a region; delete those that are not used any more.");
        insert_stream(session, scope, stream, now);
        return iot::CreateStreamResponse{
            .stream_id = stream.id, .stream_arn = arn_of(scope, stream.id), .description = stream.description, .stream_version = 1};
    });
    if (out) announce(parts, scope, in.stream_id);
    return out;
}

Result<iot::DescribeStreamResponse> describe_stream(const Parts& parts, const Caller& caller, const iot::DescribeStreamRequest& in) {
    const Scope& scope = caller.scope;
    const auto stream = parts.store.read([&](SqlSession& session) { return find_stream(session, scope, in.stream_id); });
    if (!stream) return no_such_stream(scope, in.stream_id);
    std::vector<iot::StreamFile> files;
    for (const StoredFile& file : stream->files)
        files.push_back(
            {.file_id = file.file_id, .s3_location = iot::S3Location{.bucket = file.bucket, .key = file.key, .version = file.version}});
    return iot::DescribeStreamResponse{.stream_info = iot::StreamInfo{.stream_id = stream->id,
                                                                      .stream_arn = arn_of(scope, stream->id),
                                                                      .stream_version = stream->version,
                                                                      .description = stream->description,
                                                                      .files = std::move(files),
                                                                      .created_at = stream->created,
                                                                      .last_updated_at = stream->updated,
                                                                      .role_arn = stream->role_arn}};
}

Result<iot::UpdateStreamResponse> update_stream_rest(const Parts& parts, const Caller& caller, const iot::UpdateStreamRequest& in) {
    const Scope& scope = caller.scope;
    if (in.role_arn)
        if (auto allowed = check_role(parts, caller, in.stream_id, *in.role_arn); !allowed) return Unexpected(allowed.error());
    Result<std::vector<StoredFile>> files = std::vector<StoredFile>();
    if (in.files) files = read_files(parts, *in.files);
    if (!files) return Unexpected(std::move(files).error());
    const auto now = parts.clock.now();
    auto out = parts.store.write([&](SqlSession& session) -> Result<iot::UpdateStreamResponse> {
        auto stream = find_stream(session, scope, in.stream_id);
        if (!stream) return no_such_stream(scope, in.stream_id);
        if (in.description) stream->description = in.description;
        if (in.role_arn) stream->role_arn = *in.role_arn;
        if (in.files) stream->files = *files;
        const auto version = update_stream(session, scope, *stream, in.files.has_value(), now);
        if (!version)
            return fail(ErrorCode::limit_exceeded, "Stream " + in.stream_id + " has used up its versions (65535); create another stream.",
                        arn_of(scope, in.stream_id));
        return iot::UpdateStreamResponse{.stream_id = stream->id,
                                         .stream_arn = arn_of(scope, stream->id),
                                         .description = stream->description,
                                         .stream_version = *version};
    });
    if (out) announce(parts, scope, in.stream_id);
    return out;
}

Result<iot::DeleteStreamResponse> delete_stream_rest(const Parts& parts, const Caller& caller, const iot::DeleteStreamRequest& in) {
    const Scope& scope = caller.scope;
    auto out = parts.store.write([&](SqlSession& session) -> Result<iot::DeleteStreamResponse> {
        if (!delete_stream(session, scope, in.stream_id)) return no_such_stream(scope, in.stream_id);
        return iot::DeleteStreamResponse{};
    });
    if (out) announce(parts, scope, in.stream_id);
    return out;
}

// A token is where the page before ended, "MILLIS ID" in hex: no cursor is kept.
std::string format_token(const StreamSummaryRow& last) { return encoding::to_hex(std::to_string(to_millis(last.created)) + " " + last.id); }

Result<StreamPage> parse_page(const iot::ListStreamsRequest& in) {
    StreamPage page;
    page.ascending = in.ascending_order.value_or(false);
    page.count = in.max_results.value_or(default_page);
    if (page.count < 1 || page.count > 250)
        return fail(ErrorCode::invalid_request, "A page holds 1 to 250 streams; maxResults is " + std::to_string(page.count) + ".");
    page.created = from_millis(page.ascending ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max());
    if (!in.next_token) return page;
    const auto text = encoding::from_hex(*in.next_token);
    const auto blank = text ? text->find(' ') : std::string::npos;
    std::int64_t millis = 0;
    const auto read = blank == std::string::npos ? std::from_chars_result{nullptr, std::errc::invalid_argument}
                                                 : std::from_chars(text->data(), text->data() + blank, millis);
    if (read.ec != std::errc() || read.ptr != text->data() + blank || !StreamIdRule::fits(std::string_view(*text).substr(blank + 1)))
        return fail(ErrorCode::invalid_request, "nextToken is none that ListStreams gave out; start again without one.");
    page.created = from_millis(millis);
    page.after = text->substr(blank + 1);
    return page;
}

Result<iot::ListStreamsResponse> list_streams_rest(const Parts& parts, const Caller& caller, const iot::ListStreamsRequest& in) {
    auto page = parse_page(in);
    if (!page) return Unexpected(std::move(page).error());
    const auto wanted = static_cast<std::size_t>(page->count++);  // one more tells whether there is a next page
    auto rows = parts.store.read([&](SqlSession& session) { return list_streams(session, caller.scope, *page); });
    iot::ListStreamsResponse out{.streams = std::vector<iot::StreamSummary>(), .next_token = std::nullopt};
    if (rows.size() > wanted) {
        rows.resize(wanted);
        out.next_token = format_token(rows.back());
    }
    for (const StreamSummaryRow& row : rows)
        out.streams->push_back({.stream_id = row.id,
                                .stream_arn = arn_of(caller.scope, row.id),
                                .stream_version = row.version,
                                .description = row.description});
    return out;
}

}  // namespace

Streams::Streams(runtime::Store& store, runtime::Bus& bus, const runtime::Clock& clock, objects::Objects& objects, access::Access& access,
                 bool extended_quotas)
    : store_(store), bus_(bus), clock_(clock), objects_(objects), access_(access), extended_quotas_(extended_quotas) {}

void Streams::bind_rest(awsapi::Operations& operations) {
    const Parts parts{store_, bus_, clock_, objects_, access_, extended_quotas_};
    const auto arn = [](const Scope& scope, const auto& in) { return arn_of(scope, in.stream_id); };
    const auto all = [](const Scope&, const auto&) { return std::string("*"); };
    const auto with = [parts](auto function) {
        return [parts, function](const Caller& caller, const auto& in) { return function(parts, caller, in); };
    };
    access::bind_authorised<iot::CreateStream>(operations, access_, arn, with(create_stream));
    access::bind_authorised<iot::DescribeStream>(operations, access_, arn, with(describe_stream));
    access::bind_authorised<iot::UpdateStream>(operations, access_, arn, with(update_stream_rest));
    access::bind_authorised<iot::ListStreams>(operations, access_, all, with(list_streams_rest));
    access::bind_authorised<iot::DeleteStream>(operations, access_, arn, with(delete_stream_rest));
}

}  // namespace otabahn::streams
