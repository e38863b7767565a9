// SPDX-License-Identifier: Apache-2.0
// GetObject and HeadObject: which version, under which conditions, which of its bytes.
#include "api/s3.hpp"
#include "objects/object_request.hpp"
#include "objects/objects.hpp"
#include "objects/range.hpp"
#include "objects/uploads.hpp"
#include "sigv4/amz_time.hpp"

namespace otabahn::objects {

namespace s3 = api::s3;
using awsapi::Caller;

namespace {

class BlobBody final : public awsapi::BodySource {
  public:
    BlobBody(std::shared_ptr<const runtime::BlobReader> reader, ByteRange range)
        : reader_(std::move(reader)), at_(range.first), left_(range.length), size_(range.length) {}
    std::uint64_t size() const override { return size_; }
    Result<std::size_t> read(std::span<std::uint8_t> out) override {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
        if (wanted == 0) return std::size_t{0};
        auto got = reader_->read_at(at_, out.first(wanted));
        if (!got) return got;
        if (*got == 0) return fail(ErrorCode::internal, "The object's blob is shorter than its row says.");
        at_ += *got;
        left_ -= *got;
        return got;
    }

  private:
    std::shared_ptr<const runtime::BlobReader> reader_;
    std::uint64_t at_, left_, size_;
};

template <class Input>
Conditions read_conditions(const Input& in) {
    return {in.if_match, in.if_none_match, in.if_modified_since, in.if_unmodified_since};
}

template <class Input, class Output>
void override_headers(const Input& in, Output& out) {
    if (in.response_cache_control) out.cache_control = in.response_cache_control;
    if (in.response_content_disposition) out.content_disposition = in.response_content_disposition;
    if (in.response_content_encoding) out.content_encoding = in.response_content_encoding;
    if (in.response_content_language) out.content_language = in.response_content_language;
    if (in.response_content_type) out.content_type = in.response_content_type;
    if (in.response_expires) out.expires = sigv4::format_http_date(*in.response_expires);
}

struct Chosen {
    ByteRange range;
    bool partial = false;
};

// The bytes that Range or partNumber name. `part_sizes` gives the sizes of the object's parts.
template <class Input, class PartSizes>
Outcome<Chosen> choose_bytes(const Input& in, const StoredVersion& version, PartSizes part_sizes) {
    if (in.part_number) {
        if (in.range) return Unexpected(invalid_request("Cannot specify both Range header and partNumber query parameter"));
        const std::vector<std::uint64_t> sizes = version.parts > 0 ? part_sizes() : std::vector{version.size};
        const auto number = *in.part_number;
        if (number < 1 || static_cast<std::size_t>(number) > sizes.size())
            return awsapi::service_fail(
                "InvalidPartNumber", 416,
                "The requested partnumber is not satisfiable: " + std::to_string(number) + " of " + std::to_string(sizes.size()) + ".",
                {{"PartNumberRequested", std::to_string(number)}, {"ActualPartCount", std::to_string(sizes.size())}});
        ByteRange range;
        for (std::int32_t i = 0; i + 1 < number; ++i) range.first += sizes[static_cast<std::size_t>(i)];
        range.length = sizes[static_cast<std::size_t>(number - 1)];
        return Chosen{range, version.size > 0};
    }
    const auto choice = choose_range(in.range.value_or(""), version.size);
    if (choice.kind == RangeChoice::Kind::unsatisfiable) {
        ServiceError error{"InvalidRange",
                           416,
                           "The requested range is not satisfiable",
                           {{"RangeRequested", *in.range}, {"ActualObjectSize", std::to_string(version.size)}},
                           {{"Content-Range", "bytes */" + std::to_string(version.size)}}};
        return Unexpected(std::move(error));
    }
    if (choice.kind == RangeChoice::Kind::part) return Chosen{choice.range, true};
    return Chosen{{0, version.size}, false};
}

}  // namespace

void Objects::bind_reads(awsapi::Operations& operations) {
    const auto prepare = [this]<class Output, class Input>(const Caller& caller, const Input& in, StoredVersion& version,
                                                           ByteRange& range) -> Outcome<awsapi::Download<Output>> {
        if (in.sse_customer_algorithm || in.sse_customer_key)
            return Unexpected(not_implemented("encryption with customer-provided keys (SSE-C)"));
        if (auto fine = judge_key(in.key); !fine) return Unexpected(fine.error());
        const auto action = in.version_id ? "s3:GetObjectVersion" : "s3:GetObject";
        const auto bucket = admit(caller, in.bucket, action, object_arn(in.bucket, in.key), in.expected_bucket_owner);
        if (!bucket) return Unexpected(bucket.error());
        auto found = load_version(caller, in.bucket, in.key, in.version_id);
        if (!found) return Unexpected(found.error());
        version = std::move(found).value();

        awsapi::Download<Output> out;
        const auto judged = judge_read(read_conditions(in), version.etag, version.modified_at);
        if (judged.kind == Judgement::Kind::failed) return Unexpected(precondition_failed(judged.condition));
        if (judged.kind == Judgement::Kind::not_modified) {
            out.status = 304;
            out.head.etag = quote_etag(version.etag);
            out.head.last_modified = version.modified_at;
            if (bucket->versioning != Bucket::Versioning::never) out.head.version_id = version.version_id;
            return out;
        }
        const auto chosen = choose_bytes(in, version, [&] {
            std::vector<std::uint64_t> sizes;
            const auto upload_id = version.content.substr(upload_content.size());
            for (const auto& part :
                 store_.read([&](runtime::SqlSession& session) { return list_part_rows(session, upload_id, 0, max_part_number); }))
                sizes.push_back(part.size);
            return sizes;
        });
        if (!chosen) return Unexpected(chosen.error());
        range = chosen->range;

        write_headers(out.head, version, bucket->versioning != Bucket::Versioning::never);
        override_headers(in, out.head);
        out.head.content_length = static_cast<std::int64_t>(range.length);
        if (chosen->partial) {
            out.status = 206;
            out.head.content_range = format_content_range(range, version.size);
        }
        if (in.part_number && version.parts > 0) out.head.parts_count = static_cast<std::int32_t>(version.parts);
        // On a part the checksum of the whole would be taken for the part's, and refused.
        if (in.checksum_mode.value_or("") == "ENABLED" && !chosen->partial && !version.checksums.empty()) {
            write_checksums(out.head, version.checksums);
            out.head.checksum_type = version.checksum_scope;
        }
        return out;
    };

    operations.bind_download<s3::GetObject>(
        [this, prepare](const Caller& caller, const s3::GetObjectRequest& in) -> Outcome<awsapi::Download<s3::GetObjectOutput>> {
            StoredVersion version;
            ByteRange range;
            auto out = prepare.template operator()<s3::GetObjectOutput>(caller, in, version, range);
            if (!out || out->status == 304) return out;
            auto reader = open_content(version.content);
            if (!reader && reader.error().code == ErrorCode::not_found) {
                // Overwritten or deleted since the row was read.
                out = prepare.template operator()<s3::GetObjectOutput>(caller, in, version, range);
                if (!out || out->status == 304) return out;
                reader = open_content(version.content);
            }
            if (!reader) return Unexpected(inner_failure(reader.error()));
            out->body = std::make_unique<BlobBody>(std::move(reader).value(), range);
            return out;
        });

    operations.bind_download<s3::HeadObject>(
        [prepare](const Caller& caller, const s3::HeadObjectRequest& in) -> Outcome<awsapi::Download<s3::HeadObjectOutput>> {
            StoredVersion version;
            ByteRange range;
            return prepare.template operator()<s3::HeadObjectOutput>(caller, in, version, range);
        });
}

}  // namespace otabahn::objects
