// SPDX-License-Identifier: Apache-2.0
#include "sigv4/chunk_decoder.hpp"

#include "encoding/base64_string.hpp"
#include "sigv4/url_text.hpp"

#include <algorithm>
#include <charconv>

namespace otabahn::sigv4 {
namespace {

constexpr std::size_t longest_line = 4096, most_trailers = 16;
constexpr std::uint64_t least_signed_chunk = 8192;
constexpr std::string_view signature_extension = "chunk-signature=";
constexpr std::string_view trailer_signature = "x-amz-trailer-signature";

Unexpected<PayloadError> wrong(PayloadFault fault, std::string message) { return Unexpected(PayloadError(fault, std::move(message))); }

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

ChunkDecoder::ChunkDecoder(ChunkRules rules) : rules_(std::move(rules)) {}

Result<void, PayloadError> ChunkDecoder::push(ByteView in, std::string& out) {
    while (!in.empty()) {
        if (state_ == State::data) {
            const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_left_, in.size()));
            const ByteView piece = in.first(size);
            out.append(as_text(piece));
            if (chunk_digest_) chunk_digest_->update(piece);
            chunk_left_ -= size;
            in = in.subspan(size);
            if (chunk_left_ == 0) state_ = State::data_end;
            continue;
        }
        if (state_ == State::done) {
            // Some clients end the trailer with \n and the body with \r\n once more.
            for (const std::uint8_t byte : in)
                if ((byte != '\r' && byte != '\n') || ++stray_ > 4)
                    return wrong(PayloadFault::malformed_chunk, "The aws-chunked body goes on after its last chunk.");
            return {};
        }
        const auto end = std::find(in.begin(), in.end(), static_cast<std::uint8_t>('\n'));
        const auto size = static_cast<std::size_t>(end - in.begin());
        if (line_.size() + size > longest_line)
            return wrong(PayloadFault::malformed_chunk,
                         "A line of the aws-chunked body is longer than " + std::to_string(longest_line) + " bytes.");
        line_.append(as_text(in.first(size)));
        if (end == in.end()) return {};
        in = in.subspan(size + 1);
        if (line_.ends_with('\r')) line_.pop_back();
        const std::string line = std::exchange(line_, {});
        if (auto taken = take_line(line); !taken) return taken;
    }
    return {};
}

Result<void, PayloadError> ChunkDecoder::take_line(std::string_view line) {
    switch (state_) {
        case State::size_line:
            return start_chunk(line);
        case State::data_end:
            if (!line.empty()) return wrong(PayloadFault::malformed_chunk, "A chunk's data is longer than its size line says.");
            return end_chunk();
        case State::last_line:
            if (!line.empty()) return wrong(PayloadFault::malformed_chunk, "The last chunk is followed by text where the body should end.");
            state_ = State::done;
            return {};
        case State::trailer_lines:
            return take_trailer(line);
        case State::data:
        case State::done:
            break;  // push() takes these bytes itself
    }
    return {};
}

Result<void, PayloadError> ChunkDecoder::start_chunk(std::string_view line) {
    const std::size_t semicolon = std::min(line.find(';'), line.size());
    const std::string_view digits = line.substr(0, semicolon);
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size())
        return wrong(PayloadFault::malformed_chunk, "A chunk of the aws-chunked body starts with '" + std::string(line.substr(0, 80)) +
                                                        "', which is no size in hex digits.");
    if (rules_.chain) {
        const std::string_view extension = semicolon < line.size() ? line.substr(semicolon + 1) : std::string_view();
        if (!extension.starts_with(signature_extension) || !is_lower_hex(extension.substr(signature_extension.size()), 64))
            return wrong(PayloadFault::malformed_chunk,
                         "A signed chunk must start with SIZE;chunk-signature=64 hex digits; this one with '" +
                             std::string(line.substr(0, 80)) + "'.");
        chunk_signature_ = extension.substr(signature_extension.size());
        chunk_digest_.emplace(DigestKind::sha256);
    } else if (semicolon < line.size()) {
        return wrong(PayloadFault::malformed_chunk,
                     "A chunk of an unsigned aws-chunked body carries an extension: '" + std::string(line.substr(0, 80)) + "'.");
    }
    if (size > rules_.decoded_length - total_)
        return wrong(PayloadFault::length,
                     "You provided more bytes than x-amz-decoded-content-length (" + std::to_string(rules_.decoded_length) + ") says.");
    if (size == 0) {
        if (rules_.chain)
            if (auto ended = end_chunk(); !ended) return ended;
        state_ = rules_.trailer ? State::trailer_lines : State::last_line;
        return {};
    }
    if (rules_.chain) {
        if (small_chunk_seen_)
            return wrong(PayloadFault::chunk_size, "Only the last chunk is allowed to have a size less than 8192 bytes.");
        small_chunk_seen_ = size < least_signed_chunk;
    }
    chunk_left_ = size;
    total_ += size;
    state_ = State::data;
    return {};
}

Result<void, PayloadError> ChunkDecoder::end_chunk() {
    state_ = State::size_line;
    if (!rules_.chain) return {};
    const std::string expected = rules_.chain->next_chunk(encoding::to_hex(chunk_digest_->finish()));
    chunk_digest_.reset();
    if (!equal_in_constant_time(expected, chunk_signature_))
        return wrong(PayloadFault::chunk_signature, "The chunk signature '" + chunk_signature_ +
                                                        "' is not the one that the data before byte " + std::to_string(total_) +
                                                        " and the signatures before it give.");
    return {};
}

Result<void, PayloadError> ChunkDecoder::take_trailer(std::string_view line) {
    if (line.empty()) {
        // AWS's own documentation shows an empty line between the trailer and its signature.
        if (rules_.chain && !trailer_signed_ && stray_++ == 0) return {};
        return end_trailers();
    }
    const std::size_t colon = line.find(':');
    const std::string name = to_lower(trimmed(line.substr(0, colon)));
    if (colon == std::string_view::npos || name.empty() || trailers_.size() == most_trailers)
        return wrong(PayloadFault::malformed_trailer,
                     "The request contained trailing data that was not well-formed: '" + std::string(line.substr(0, 80)) + "'.");
    const std::string value(trimmed(line.substr(colon + 1)));
    if (name == trailer_signature && rules_.chain) {
        if (trailer_signed_) return wrong(PayloadFault::malformed_trailer, "The trailer carries two signatures.");
        trailer_signed_ = true;
        if (!equal_in_constant_time(rules_.chain->next_trailer(canonical_trailers_), value))
            return wrong(PayloadFault::chunk_signature,
                         "The trailer's signature '" + value.substr(0, 80) + "' is not the one that the trailer gives.");
        return {};
    }
    if (trailer_signed_)
        return wrong(PayloadFault::malformed_trailer, "The trailer goes on after its signature: '" + name.substr(0, 80) + "'.");
    if (std::find(rules_.announced.begin(), rules_.announced.end(), name) == rules_.announced.end())
        return wrong(PayloadFault::malformed_trailer, "The trailer '" + name.substr(0, 80) + "' was not announced in x-amz-trailer.");
    if (std::any_of(trailers_.begin(), trailers_.end(), [&](const Header& had) { return had.name == name; }))
        return wrong(PayloadFault::malformed_trailer, "The trailer '" + name + "' is there twice.");
    canonical_trailers_.append(name).append(":").append(value).append("\n");
    trailers_.push_back({name, value});
    return {};
}

Result<void, PayloadError> ChunkDecoder::end_trailers() {
    if (rules_.chain && !trailer_signed_)
        return wrong(PayloadFault::malformed_trailer, "The trailer of a signed body has no x-amz-trailer-signature.");
    for (const std::string& name : rules_.announced)
        if (std::none_of(trailers_.begin(), trailers_.end(), [&](const Header& had) { return had.name == name; }))
            return wrong(PayloadFault::malformed_trailer,
                         "The trailer '" + name.substr(0, 80) + "', announced in x-amz-trailer, is missing.");
    state_ = State::done;
    stray_ = 0;
    return {};
}

Result<std::vector<Header>, PayloadError> ChunkDecoder::finish() {
    // A client that leaves out the last empty line has said all there is to say.
    if (state_ == State::trailer_lines && line_.empty())
        if (auto ended = end_trailers(); !ended) return Unexpected(std::move(ended).error());
    if (state_ == State::last_line && line_.empty()) state_ = State::done;
    if (state_ != State::done)
        return wrong(PayloadFault::length,
                     "The aws-chunked body ends before its last chunk, after " + std::to_string(total_ - chunk_left_) + " bytes.");
    if (total_ != rules_.decoded_length)
        return wrong(PayloadFault::length, "You did not provide the number of bytes specified by x-amz-decoded-content-length: " +
                                               std::to_string(rules_.decoded_length) + " announced, " + std::to_string(total_) + " came.");
    return std::move(trailers_);
}

}  // namespace otabahn::sigv4
