// SPDX-License-Identifier: Apache-2.0
// What a device gets on its streams' topics: the conversations of spec gateway 4, and what a cache of open streams must forget.
#include "encoding/base64_string.hpp"
#include "otawire/stream_answer.hpp"
#include "streams/streams.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

namespace otabahn::streams {
namespace {

const Scope east{AccountId::trusted("000000000000"), Region::trusted("us-east-1")};
const Scope west{AccountId::trusted("000000000000"), Region::trusted("us-west-2")};
constexpr Timestamp start = from_millis(1'700'000'000'000);

class TextBlob final : public runtime::BlobReader {
  public:
    explicit TextBlob(std::string bytes, std::uint64_t readable = UINT64_MAX) : bytes_(std::move(bytes)), readable_(readable) {}
    std::uint64_t size() const override { return bytes_.size(); }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const override {
        const std::uint64_t end = std::min<std::uint64_t>(bytes_.size(), readable_);
        if (offset >= end) return std::size_t{0};
        const std::size_t count = std::min<std::uint64_t>(out.size(), end - offset);
        std::memcpy(out.data(), bytes_.data() + offset, count);
        return count;
    }

  private:
    std::string bytes_;
    std::uint64_t readable_;
};

struct Message {
    std::string topic, payload;
};

class RecordingSink final : public BlockSink {
  public:
    void block(std::string_view topic, std::string_view head, const std::shared_ptr<const runtime::BlobReader>& blob, std::uint64_t offset,
               std::uint32_t size, std::string_view tail) override {
        std::string bytes(size, '\0');
        ASSERT_EQ(blob->read_at(offset, {reinterpret_cast<std::uint8_t*>(bytes.data()), size}).value_or(0), size);
        messages.push_back({std::string(topic), std::string(head) + bytes + std::string(tail)});
    }
    void message(std::string_view topic, std::string_view payload) override {
        messages.push_back({std::string(topic), std::string(payload)});
    }
    std::vector<Message> messages;
};

std::string example_file() {
    std::string out;
    while (out.size() < 600) out += "0123456789ABCDEF";
    return out.substr(0, 600);
}

StreamFile file_of(int id, std::string bytes) {
    StreamFile file;
    file.file_id = id;
    file.size = bytes.size();
    file.bucket = "firmware";
    file.key = "app/" + std::to_string(id) + ".bin";
    file.blob = std::make_shared<TextBlob>(std::move(bytes));
    return file;
}

OpenStream example() { return {east, "S", "demo", 1, {file_of(0, example_file())}, "ota"}; }

class StreamBlocksTest : public ::testing::Test {
  protected:
    void open(OpenStream stream) {
        const StreamId id = StreamId::trusted(stream.stream_id);
        const Scope scope = stream.scope;
        blocks_.warm(scope, id, std::make_shared<const OpenStream>(std::move(stream)), start);
    }
    std::vector<Message> ask(const std::string& topic, const std::string& payload, std::uint32_t maximum_packet_size = 0,
                             const Scope& scope = east) {
        RecordingSink sink;
        const bool answered = blocks_.answer({scope, topic, payload, maximum_packet_size}, sink);
        if (!answered) {
            EXPECT_TRUE(sink.messages.empty()) << "nothing may be sent before the stream is there";
            return {{"(load)", ""}};
        }
        return sink.messages;
    }
    std::vector<Message> get(const std::string& payload, std::uint32_t maximum_packet_size = 0) {
        return ask("$aws/things/T/streams/S/get/json", payload, maximum_packet_size);
    }
    // "CODE message" of the one rejection, or "" when there was another answer.
    std::string refusal(const std::vector<Message>& messages) {
        if (messages.size() != 1) return "";
        const bool cbor = messages[0].topic.ends_with("/cbor");
        const auto rejection =
            otawire::decode_rejection(as_bytes(messages[0].payload), cbor ? otawire::Format::cbor : otawire::Format::json);
        if (!rejection || messages[0].topic.find("/rejected/") == std::string::npos) return "";
        return std::string(rejection->code()) + " " + std::string(rejection->message());
    }
    bool is_warm(const Scope& scope = east) { return ask("$aws/things/T/streams/S/describe/json", "{}", 0, scope)[0].topic != "(load)"; }

    StreamBlocks blocks_{false};
};

std::string bytes(std::string_view hex) { return encoding::from_hex(hex).value(); }

TEST_F(StreamBlocksTest, TheConversationOfTheWorkedExampleInJson) {
    open(example());
    auto out = ask("$aws/things/T/streams/S/describe/json", R"({"c":"t1"})");
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].topic, "$aws/things/T/streams/S/description/json");
    EXPECT_EQ(out[0].payload, R"({"c":"t1","s":1,"d":"demo","r":[{"f":0,"z":600}]})");
    out = get(R"({"c":"t1","s":1,"f":0,"l":256,"o":2,"n":1})");
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].topic, "$aws/things/T/streams/S/data/json");
    EXPECT_EQ(
        out[0].payload,
        R"({"c":"t1","f":0,"l":88,"i":2,"p":"MDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUYwMTIzNDU2Nzg5QUJDREVGMDEyMzQ1Njc4OUFCQ0RFRjAxMjM0NTY3ODlBQkNERUYwMTIzNDU2Nw=="})");
    out = get(R"({"f":0,"l":256,"o":0,"b":"BQ==","n":2})");
    ASSERT_EQ(out.size(), 2U);
    EXPECT_EQ(out[0].payload.substr(0, 24), R"({"f":0,"i":0,"l":256,"p")");
    EXPECT_EQ(out[1].payload.substr(0, 23), R"({"f":0,"i":2,"l":88,"p")");
}

TEST_F(StreamBlocksTest, TheConversationOfTheWorkedExampleInCbor) {
    open(example());
    auto out = ask("$aws/things/T/streams/S/describe/cbor", bytes("a16163627431"));
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].topic, "$aws/things/T/streams/S/description/cbor");
    EXPECT_EQ(encoding::to_hex(out[0].payload), "bf616362743161730161646464656d6f61729fbf616600617a190258ffffff");
    out = ask("$aws/things/T/streams/S/get/cbor", bytes("a66163627431617301616600616c190100616f02616e01"));
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].topic, "$aws/things/T/streams/S/data/cbor");
    EXPECT_EQ(out[0].payload, bytes("bf6163627431616600616c185861690261705858") + example_file().substr(512) + "\xff");
    out = ask("$aws/things/T/streams/S/get/cbor", bytes("a66163627431616600616c190100616f0061624105616e02"));
    ASSERT_EQ(out.size(), 2U);
    EXPECT_EQ(otawire::decode_data(as_bytes(out[1].payload), otawire::Format::cbor, {})->block, 2U);
}

TEST_F(StreamBlocksTest, BlocksPutTogetherAreTheFile) {
    std::string image;
    for (int i = 0; i < 300'000; ++i) image.push_back(static_cast<char>(i * 31 >> 3));
    OpenStream stream = example();
    stream.files = {file_of(7, image)};
    open(std::move(stream));
    for (const auto format : {otawire::Format::json, otawire::Format::cbor}) {
        std::string got;
        std::vector<std::uint8_t> scratch(131072), room(256);
        while (got.size() < image.size()) {
            otawire::GetStreamRequest request;
            request.file = 7;
            request.block_size = 10'000;
            request.offset = static_cast<std::uint32_t>(got.size() / 10'000);
            request.count = static_cast<std::uint32_t>(30 - request.offset);
            const auto payload = otawire::encode_get(request, format, room);
            const auto out = ask(format == otawire::Format::json ? "$aws/things/T/streams/S/get/json" : "$aws/things/T/streams/S/get/cbor",
                                 std::string(as_text(*payload)));
            ASSERT_EQ(out.size(), std::min<std::size_t>(13, 30 - request.offset)) << "128 KB a request";
            for (const Message& message : out) {
                const auto block = otawire::decode_data(as_bytes(message.payload), format, scratch);
                ASSERT_TRUE(block);
                got += as_text(block->bytes);
            }
        }
        EXPECT_EQ(got, image);
    }
}

TEST_F(StreamBlocksTest, RejectsWithTheCodesOfTheSpecificationAndSaysWhatDecided) {
    open(example());
    EXPECT_EQ(refusal(get("{")), "InvalidJson Invalid JSON message");
    EXPECT_EQ(refusal(get(R"({"s":9,"f":0,"l":256,"n":1})")),
              "VersionMismatch Version mismatch: version 9 was asked for, the stream is at version 1.");
    EXPECT_EQ(refusal(get(R"({"f":1,"l":256,"n":1})")), "ResourceNotFound The stream S has no file 1.");
    EXPECT_EQ(refusal(get(R"({"f":0,"l":256,"n":4})")).substr(0, 91),
              "InvalidRequest The data requested is out of the range of data available. File 0 has 3 block");
    EXPECT_EQ(refusal(get(R"({"f":0,"l":256,"o":3,"n":1})")).substr(0, 15), "InvalidRequest ");
    EXPECT_EQ(refusal(get(R"({"f":0,"l":256})")).substr(0, 15), "InvalidRequest ") << "with neither n nor b the default runs past the end";
    EXPECT_EQ(refusal(get(R"({"f":0,"l":256,"n":0})")).substr(0, 15), "InvalidRequest ");
    EXPECT_EQ(refusal(get(R"({"f":0,"l":1})")).substr(0, 21), "BlockSizeOutOfBounds ");
    // Faults of the request come before those of the stream.
    EXPECT_EQ(refusal(get(R"({"s":9,"f":0,"l":256,"o":98305})")).substr(0, 18), "OffsetOutOfBounds ");
    EXPECT_EQ(refusal(get(R"({"s":9,"f":1,"l":256,"n":9})")).substr(0, 16), "VersionMismatch ");
}

TEST_F(StreamBlocksTest, ARejectionEchoesTheTokenInTheRequestsFormat) {
    open(example());
    const auto out = ask("$aws/things/T/streams/S/get/cbor", bytes("a46163627431616605616c190100616e01"));
    ASSERT_EQ(out.size(), 1U);
    EXPECT_EQ(out[0].topic, "$aws/things/T/streams/S/rejected/cbor");
    EXPECT_EQ(encoding::to_hex(out[0].payload).substr(0, 46), "bf6b636c69656e74546f6b656e62743161636274316463");
    EXPECT_EQ(get(R"({"c":"t1","f":5,"l":256})")[0].payload.substr(0, 49), R"({"clientToken":"t1","c":"t1","code":"ResourceNotF)");
}

TEST_F(StreamBlocksTest, AMalformedTopicIsRejectedOnItsOwnThingAndStream) {
    for (const char* topic :
         {"$aws/things/T/streams/S/get/xml", "$aws/things/T/streams/S/create/json", "$aws/things/T/streams/S/data/json",
          "$aws/things/T/streams/S/rejected/json", "$aws/things/T/streams/S/get", "$aws/things/T/streams/S/get/json/x"}) {
        const auto out = ask(topic, "{}");
        ASSERT_EQ(out.size(), 1U) << topic;
        EXPECT_EQ(out[0].topic, "$aws/things/T/streams/S/rejected/json");
        EXPECT_EQ(refusal(out).substr(0, 13), "InvalidTopic ");
    }
    EXPECT_EQ(ask("$aws/things/T/streams/S/got/cbor", "")[0].topic, "$aws/things/T/streams/S/rejected/cbor");
    EXPECT_EQ(ask("$aws/things/T/streams/S.1/get/json", "{}")[0].topic, "$aws/things/T/streams/S.1/rejected/json");
}

TEST_F(StreamBlocksTest, AStreamThatDoesNotExistIsResourceNotFound) {
    EXPECT_EQ(get(R"({"f":0,"l":256})")[0].topic, "(load)");
    blocks_.warm(east, StreamId::trusted("S"), fail(ErrorCode::not_found, "There is no stream S here."), start);
    EXPECT_EQ(refusal(get(R"({"f":0,"l":256})")), "ResourceNotFound There is no stream S here.");
    EXPECT_EQ(refusal(ask("$aws/things/T/streams/S/describe/json", "")), "ResourceNotFound There is no stream S here.");
}

TEST_F(StreamBlocksTest, AFileThatMayNotBeReadSaysWhyAndLeavesTheOthersAlone) {
    const std::pair<ErrorCode, std::string> rows[] = {{ErrorCode::access_denied, "Unauthorized"},
                                                      {ErrorCode::not_found, "ResourceNotFound"},
                                                      {ErrorCode::conflict, "ETagMismatch"},
                                                      {ErrorCode::limit_exceeded, "InvalidRequest"},
                                                      {ErrorCode::internal, "InternalError"}};
    for (const auto& [code, name] : rows) {
        OpenStream stream = example();
        stream.files.push_back({1, 0, nullptr, Error(code, "Because."), "firmware", "x"});
        open(std::move(stream));
        EXPECT_EQ(refusal(get(R"({"f":1,"l":256,"n":1})")), name + " Because.");
        EXPECT_EQ(get(R"({"f":0,"l":256,"n":1})")[0].topic, "$aws/things/T/streams/S/data/json");
        EXPECT_EQ(refusal(ask("$aws/things/T/streams/S/describe/json", "{}")), name + " Because.");
    }
}

TEST_F(StreamBlocksTest, AMessageLargerThanTheClientTakesIsBlockSizeOutOfBounds) {
    OpenStream stream = example();
    stream.files = {file_of(0, std::string(20'000, 'x'))};
    open(std::move(stream));
    const std::string topic = "$aws/things/T/streams/S/get/cbor", request = bytes("a3616600616c191000616e02");
    const auto sent = ask(topic, request, 5000);
    ASSERT_EQ(sent.size(), 2U);
    // Fixed header, topic, packet identifier, properties.
    const std::size_t packet = 3 + 2 + sent[0].topic.size() + 2 + 1 + sent[0].payload.size();
    EXPECT_EQ(refusal(ask(topic, request, static_cast<std::uint32_t>(packet - 1))).substr(0, 21), "BlockSizeOutOfBounds ");
    EXPECT_EQ(ask(topic, request, static_cast<std::uint32_t>(packet + 16)).size(), 2U);
    EXPECT_EQ(refusal(get(R"({"f":0,"l":4096,"n":1})", 5000)).substr(0, 21), "BlockSizeOutOfBounds ") << "base64 is longer";
    EXPECT_EQ(get(R"({"f":0,"l":4096,"n":1})", 6000).size(), 1U);
    EXPECT_EQ(get(R"({"f":0,"l":131072,"n":1})").size(), 1U) << "no limit said, none kept";
}

TEST_F(StreamBlocksTest, AFileThatEndsEarlyIsAnInternalError) {
    OpenStream stream = example();
    stream.files[0].blob = std::make_shared<TextBlob>(example_file(), 300);
    open(std::move(stream));
    const auto out = get(R"({"f":0,"l":256,"n":3})");
    ASSERT_EQ(out.size(), 2U);
    EXPECT_EQ(refusal({out[1]}).substr(0, 35), "InternalError Block 1 could not be ");
}

TEST_F(StreamBlocksTest, AStreamIsThatOfItsRegionAndAccount) {
    open(example());
    EXPECT_TRUE(is_warm(east));
    EXPECT_FALSE(is_warm(west));
    EXPECT_FALSE(is_warm({AccountId::trusted("111111111111"), east.region}));
}

TEST_F(StreamBlocksTest, AChangeOfStreamObjectOrRoleRetiresItAtOnce) {
    using runtime::ChangeKind;
    for (const runtime::Change& change :
         {runtime::Change{ChangeKind::stream, east, "S"}, runtime::Change{ChangeKind::object, west, "firmware/app/0.bin"},
          runtime::Change{ChangeKind::role, west, "ota"}}) {
        open(example());
        blocks_.retire(change);
        EXPECT_FALSE(is_warm()) << change.key;
    }
    for (const runtime::Change& change :
         {runtime::Change{ChangeKind::stream, west, "S"}, runtime::Change{ChangeKind::stream, east, "S2"},
          runtime::Change{ChangeKind::object, east, "firmware/app/1.bin"}, runtime::Change{ChangeKind::object, east, "firmware/xapp/0.bin"},
          runtime::Change{ChangeKind::role, east, "ot"},
          runtime::Change{ChangeKind::role, {AccountId::trusted("111111111111"), east.region}, "ota"},
          runtime::Change{ChangeKind::thing, east, "S"}, runtime::Change{ChangeKind::policy, east, "S"}}) {
        open(example());
        blocks_.retire(change);
        EXPECT_TRUE(is_warm()) << change.key;
    }
}

TEST_F(StreamBlocksTest, AStreamThatWasMissingIsLookedForAgainOnceItIsMade) {
    blocks_.warm(east, StreamId::trusted("S"), fail(ErrorCode::not_found, "None."), start);
    EXPECT_TRUE(is_warm());
    blocks_.retire({runtime::ChangeKind::stream, east, "S"});
    EXPECT_FALSE(is_warm());
}

TEST_F(StreamBlocksTest, WhatAChangeOvertookWhileItWasLoadedServesOneAnswer) {
    for (const auto kind : {runtime::ChangeKind::stream, runtime::ChangeKind::object, runtime::ChangeKind::role}) {
        EXPECT_FALSE(is_warm());
        blocks_.retire({kind, east, kind == runtime::ChangeKind::stream ? "S" : "whatever"});
        open(example());
        EXPECT_TRUE(is_warm());
        EXPECT_FALSE(is_warm());
        open(example());
        EXPECT_TRUE(is_warm());
        EXPECT_TRUE(is_warm()) << "loaded after the change, it stays";
        blocks_.retire({runtime::ChangeKind::stream, east, "S"});
    }
}

TEST_F(StreamBlocksTest, WhatIs30SecondsOldIsReadAgain) {
    open(example());
    blocks_.expire(start + std::chrono::milliseconds(29'999));
    EXPECT_TRUE(is_warm());
    blocks_.expire(start + std::chrono::seconds(30));
    EXPECT_FALSE(is_warm());
}

TEST_F(StreamBlocksTest, StreamsThatDoNotExistDoNotFillTheMemory) {
    open(example());
    for (int i = 0; i < 10'000; ++i) {
        const std::string id = "none-" + std::to_string(i);
        EXPECT_EQ(ask("$aws/things/T/streams/" + id + "/describe/json", "{}")[0].topic, "(load)");
        blocks_.warm(east, StreamId::trusted(id), fail(ErrorCode::not_found, "None."), start);
    }
    EXPECT_TRUE(is_warm()) << "those that do exist stay";
    EXPECT_EQ(ask("$aws/things/T/streams/none-0/describe/json", "{}")[0].topic, "(load)") << "forgotten";
}

TEST_F(StreamBlocksTest, QuotasAreAwssUnlessExtended) {
    StreamBlocks extended(true);
    RecordingSink sink;
    const std::string request = R"({"f":0,"l":256,"o":98305,"n":1})";
    EXPECT_EQ(refusal(get(request)).substr(0, 18), "OffsetOutOfBounds ");
    EXPECT_FALSE(extended.answer({east, "$aws/things/T/streams/S/get/json", request, 0}, sink));
}

TEST(StreamTopics, AreKnownByTheirText) {
    EXPECT_TRUE(StreamBlocks::fits("$aws/things/T/streams/S/get/json"));
    EXPECT_TRUE(StreamBlocks::fits("$aws/things/T/streams/nonsense"));
    EXPECT_FALSE(StreamBlocks::fits("$aws/things/T/jobs/get"));
    EXPECT_EQ(StreamBlocks::stream_of("$aws/things/T/streams/S/get/json")->text(), "S");
    EXPECT_FALSE(StreamBlocks::stream_of("$aws/things/T/streams/S.1/get/json"));
    EXPECT_FALSE(StreamBlocks::stream_of("$aws/things/T/jobs/get"));
}

}  // namespace
}  // namespace otabahn::streams
