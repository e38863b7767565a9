// SPDX-License-Identifier: Apache-2.0
// Answers to devices (spec gateway 4), in the order of validation: decode, token, types, l, o, n, b, stream, version, file,
// range. What is refused costs what it costs; a block that is served touches no heap, no lock and no database.
#include "encoding/base64.hpp"
#include "otawire/block_selection.hpp"
#include "otawire/stream_answer.hpp"
#include "streams/stream_cache.hpp"
#include "streams/streams.hpp"

#include <array>
#include <utility>

namespace otabahn::streams {

using otawire::ClientToken;
using otawire::Format;
using otawire::StreamError;
using otawire::StreamTopic;
using otawire::StreamVerb;

namespace {

// Beside topic and payload: fixed header, topic length, packet identifier, property length; and some digits (see its use).
constexpr std::size_t packet_room = 5 + 2 + 2 + 1 + 8;

StreamError error_of(const Error& error) {
    switch (error.code) {
        case ErrorCode::access_denied:
        case ErrorCode::unauthenticated:
            return StreamError::unauthorized;
        case ErrorCode::not_found:
            return StreamError::resource_not_found;
        case ErrorCode::conflict:
        case ErrorCode::version_conflict:
            return StreamError::etag_mismatch;
        case ErrorCode::invalid_request:
        case ErrorCode::invalid_json:
        case ErrorCode::limit_exceeded:
            return StreamError::invalid_request;
        case ErrorCode::already_exists:
        case ErrorCode::invalid_state:
        case ErrorCode::terminal_state:
        case ErrorCode::throttled:
        case ErrorCode::unavailable:
        case ErrorCode::not_implemented:
        case ErrorCode::internal:
            return StreamError::internal_error;
    }
    return StreamError::internal_error;
}

// A topic's text, on the stack.
class TopicText {
  public:
    TopicText(const StreamTopic& request, StreamVerb verb) {
        StreamTopic topic = request;
        topic.verb = verb;
        text_ = otawire::format_stream_topic(topic, room_).value_or(std::string_view());
    }
    TopicText(const TopicText&) = delete;
    TopicText& operator=(const TopicText&) = delete;
    std::string_view text() const { return text_; }

  private:
    std::array<char, 640> room_;
    std::string_view text_;
};

void reject(const StreamTopic& topic, const otawire::StreamRefusal& refusal, BlockSink& sink) {
    std::array<std::uint8_t, otawire::longest_rejection> room;
    const TopicText to(topic, StreamVerb::rejected);
    if (const auto payload = otawire::encode_rejection(refusal, topic.format, room)) sink.message(to.text(), as_text(*payload));
}

void reject(const StreamTopic& topic, StreamError error, const ClientToken& token, std::string_view message, BlockSink& sink) {
    reject(topic, otawire::refuse(error, token, message), sink);
}

void reject_topic(std::string_view topic, BlockSink& sink) {
    const auto parts = otawire::split_stream_topic(topic);
    const StreamTopic answer{parts.thing, parts.stream, StreamVerb::rejected, parts.format == "cbor" ? Format::cbor : Format::json};
    reject(answer, StreamError::invalid_topic, {},
           "Streams have the topics $aws/things/THING/streams/STREAM/describe and get, each followed by /json or /cbor; a device publishes "
           "on no other.",
           sink);
}

}  // namespace

struct StreamBlocks::State {
    explicit State(const otawire::StreamLimits& quotas) : limits(quotas), bitmap(otawire::bitmap_scratch(quotas)) {}

    bool describe(const BlockRequest& request, const StreamTopic& topic, BlockSink& sink);
    bool get(const BlockRequest& request, const StreamTopic& topic, BlockSink& sink);
    void answer_description(const OpenStream& stream, const ClientToken& token, const StreamTopic& topic, BlockSink& sink);
    void answer_blocks(const OpenStream& stream, const otawire::GetStreamRequest& wanted, const BlockRequest& request,
                       const StreamTopic& topic, BlockSink& sink);
    void send_cbor(const StreamFile& file, const otawire::GetStreamRequest& wanted, otawire::BlockSelection blocks, std::string_view to,
                   BlockSink& sink);
    void send_json(const StreamFile& file, const otawire::GetStreamRequest& wanted, otawire::BlockSelection blocks,
                   const StreamTopic& topic, std::string_view to, BlockSink& sink);

    const otawire::StreamLimits& limits;
    StreamCache cache;
    // Of one answer at a time; kept, so that no answer makes its own.
    std::vector<std::uint8_t> bitmap, block, text;
};

void StreamBlocks::State::answer_description(const OpenStream& stream, const ClientToken& token, const StreamTopic& topic,
                                             BlockSink& sink) {
    std::vector<otawire::DescribedFile> files;
    for (const StreamFile& file : stream.files) {
        if (file.refusal) return reject(topic, error_of(*file.refusal), token, file.refusal->message, sink);
        files.push_back({static_cast<std::uint32_t>(file.file_id), file.size});
    }
    otawire::Description description{token, static_cast<std::uint64_t>(stream.version), stream.description, files};
    // A description's characters take up to six bytes each in JSON.
    text.resize(std::max(text.size(), stream.description.size() * 6 + files.size() * 64 + 1024));
    const TopicText to(topic, StreamVerb::description);
    if (const auto payload = otawire::encode_description(description, topic.format, text)) sink.message(to.text(), as_text(*payload));
}

bool StreamBlocks::State::describe(const BlockRequest& request, const StreamTopic& topic, BlockSink& sink) {
    const auto asked = otawire::decode_describe(as_bytes(request.payload), topic.format);
    if (!asked) {
        reject(topic, asked.error(), sink);
        return true;
    }
    const auto found = cache.find(request.scope, topic.stream);
    if (!found) return false;
    if (found->stream != nullptr)
        answer_description(*found->stream, asked->token, topic, sink);
    else
        reject(topic, error_of(*found->refusal), asked->token, found->refusal->message, sink);
    cache.used(request.scope, topic.stream);
    return true;
}

bool StreamBlocks::State::get(const BlockRequest& request, const StreamTopic& topic, BlockSink& sink) {
    const auto wanted = otawire::decode_get(as_bytes(request.payload), topic.format, bitmap, limits);
    if (!wanted) {
        reject(topic, wanted.error(), sink);
        return true;
    }
    const auto found = cache.find(request.scope, topic.stream);
    if (!found) return false;
    if (found->stream != nullptr)
        answer_blocks(*found->stream, *wanted, request, topic, sink);
    else
        reject(topic, error_of(*found->refusal), wanted->token, found->refusal->message, sink);
    cache.used(request.scope, topic.stream);
    return true;
}

void StreamBlocks::State::answer_blocks(const OpenStream& stream, const otawire::GetStreamRequest& wanted, const BlockRequest& request,
                                        const StreamTopic& topic, BlockSink& sink) {
    const auto refuse = [&](StreamError error, const std::string& message) { reject(topic, error, wanted.token, message, sink); };
    if (wanted.version && *wanted.version != static_cast<std::uint64_t>(stream.version))
        return refuse(StreamError::version_mismatch, "Version mismatch: version " + std::to_string(*wanted.version) +
                                                         " was asked for, the stream is at version " + std::to_string(stream.version) +
                                                         ".");
    const StreamFile* file = nullptr;
    for (const StreamFile& candidate : stream.files)
        if (static_cast<std::uint64_t>(candidate.file_id) == wanted.file) file = &candidate;
    if (file == nullptr)
        return refuse(StreamError::resource_not_found,
                      "The stream " + stream.stream_id + " has no file " + std::to_string(wanted.file) + ".");
    if (file->refusal) return refuse(error_of(*file->refusal), file->refusal->message);

    const auto blocks = otawire::BlockSelection::of(wanted, file->size, limits);
    if (!blocks) {
        const std::uint64_t count = file->size / wanted.block_size + (file->size % wanted.block_size != 0 ? 1 : 0);
        return refuse(StreamError::invalid_request, "The data requested is out of the range of data available. File " +
                                                        std::to_string(wanted.file) + " has " + std::to_string(count) + " blocks of " +
                                                        std::to_string(wanted.block_size) + " bytes; the blocks asked for, from " +
                                                        std::to_string(wanted.offset) + " on, must be one at least and lie within it.");
    }
    const TopicText to(topic, StreamVerb::data);
    if (request.maximum_packet_size != 0) {
        // The first block is as large as any; a later one's number may have some digits more.
        const std::uint32_t size = otawire::BlockSelection(*blocks).next()->size;
        std::array<std::uint8_t, otawire::json_data_room(0)> room;
        const otawire::DataHead head{wanted.token, wanted.file, wanted.offset, size};
        const auto start = topic.format == Format::json ? otawire::encode_data_json(head, {}, room) : otawire::encode_data_head(head, room);
        const std::size_t payload = start->size() + (topic.format == Format::json ? encoding::base64_length(size) : size);
        if (packet_room + to.text().size() + payload > request.maximum_packet_size)
            return refuse(StreamError::block_size_out_of_bounds, "The block size is out of bounds: a message with " + std::to_string(size) +
                                                                     " bytes does not fit the Maximum Packet Size of this connection, " +
                                                                     std::to_string(request.maximum_packet_size) + " bytes.");
    }
    if (topic.format == Format::cbor)
        send_cbor(*file, wanted, *blocks, to.text(), sink);
    else
        send_json(*file, wanted, *blocks, topic, to.text(), sink);
}

void StreamBlocks::State::send_cbor(const StreamFile& file, const otawire::GetStreamRequest& wanted, otawire::BlockSelection blocks,
                                    std::string_view to, BlockSink& sink) {
    std::array<std::uint8_t, otawire::longest_data_head> room;
    while (const auto next = blocks.next()) {
        const auto head = otawire::encode_data_head({wanted.token, wanted.file, next->number, next->size}, room);
        if (head) sink.block(to, as_text(*head), file.blob, next->position, next->size, otawire::data_tail());
    }
}

void StreamBlocks::State::send_json(const StreamFile& file, const otawire::GetStreamRequest& wanted, otawire::BlockSelection blocks,
                                    const StreamTopic& topic, std::string_view to, BlockSink& sink) {
    while (const auto next = blocks.next()) {
        block.resize(std::max<std::size_t>(block.size(), next->size));
        text.resize(std::max(text.size(), otawire::json_data_room(next->size)));
        const auto bytes = std::span(block).first(next->size);
        const auto read = file.blob->read_at(next->position, bytes);
        if (!read || *read != bytes.size())
            return reject(topic, StreamError::internal_error, wanted.token,
                          "Block " + std::to_string(next->number) +
                              " could not be read: " + (read ? "the file ends before it." : read.error().message),
                          sink);
        if (const auto payload = otawire::encode_data_json({wanted.token, wanted.file, next->number, next->size}, bytes, text))
            sink.block(to, as_text(*payload), file.blob, 0, 0, {});
    }
}

StreamBlocks::StreamBlocks(bool extended_quotas)
    : state_(std::make_shared<State>(extended_quotas ? otawire::extended_limits : otawire::aws_limits)) {}

bool StreamBlocks::fits(std::string_view topic) { return otawire::is_stream_topic(topic); }

std::optional<StreamId> StreamBlocks::stream_of(std::string_view topic) {
    auto id = StreamId::parse(otawire::split_stream_topic(topic).stream);
    return id ? std::optional(std::move(*id)) : std::nullopt;
}

bool StreamBlocks::answer(const BlockRequest& request, BlockSink& sink) {
    const auto topic = otawire::parse_stream_topic(request.topic);
    if (topic && topic->verb == StreamVerb::get) return state_->get(request, *topic, sink);
    if (topic && topic->verb == StreamVerb::describe) return state_->describe(request, *topic, sink);
    reject_topic(request.topic, sink);
    return true;
}

void StreamBlocks::warm(const Scope& scope, const StreamId& stream, Result<std::shared_ptr<const OpenStream>> loaded, Timestamp now) {
    state_->cache.keep(scope, stream.text(), std::move(loaded), now);
}

void StreamBlocks::retire(const runtime::Change& change) { state_->cache.retire(change); }

void StreamBlocks::expire(Timestamp now) { state_->cache.expire(now); }

}  // namespace otabahn::streams
