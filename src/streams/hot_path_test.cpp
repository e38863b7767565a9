// SPDX-License-Identifier: Apache-2.0
// The hot path is the block (design 1): once a stream is warm, answering takes nothing from the heap. Counted, not believed:
// this program's operator new is replaced.
#include "streams/streams.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {
std::atomic<std::size_t> allocations{0};
}

void* operator new(std::size_t size) {
    allocations.fetch_add(1, std::memory_order_relaxed);
    if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace otabahn::streams {
namespace {

class Zeros final : public runtime::BlobReader {
  public:
    std::uint64_t size() const override { return 1 << 24; }
    Result<std::size_t> read_at(std::uint64_t, std::span<std::uint8_t> out) const override {
        std::memset(out.data(), 0, out.size());
        return out.size();
    }
};

class CountingSink final : public BlockSink {
  public:
    void block(std::string_view, std::string_view head, const std::shared_ptr<const runtime::BlobReader>&, std::uint64_t,
               std::uint32_t size, std::string_view tail) override {
        ++blocks;
        bytes += head.size() + size + tail.size();
    }
    void message(std::string_view, std::string_view) override { ++messages; }
    std::size_t blocks = 0, bytes = 0, messages = 0;
};

TEST(StreamHotPath, AWarmStreamIsServedWithoutTheHeap) {
    const Scope scope{AccountId::trusted("000000000000"), Region::trusted("us-east-1")};
    const std::string id = "otabahn-3f2c8a9e-6d53-4d8e-9c0b-000000000000",
                      topic = "$aws/things/a-thing-with-a-rather-long-name/streams/" + id + "/get/";
    StreamFile file;
    file.size = 1 << 24;
    file.blob = std::make_shared<Zeros>();
    StreamBlocks blocks(false);
    blocks.warm(scope, StreamId::trusted(id), std::make_shared<const OpenStream>(OpenStream{scope, id, "", 1, {file}, "role"}),
                from_millis(0));

    const std::string cbor("\xa6\x61\x63\x63rdy\x61\x66\x00\x61\x6c\x19\x10\x00\x61\x6f\x00\x61\x62\x44\xff\xff\xff\xff\x61\x6e\x10", 28);
    const std::string json = R"({"c":"rdy","f":0,"l":4096,"o":7,"b":"/////w==","n":16})";
    const std::string cbor_topic = topic + "cbor", json_topic = topic + "json";
    CountingSink sink;
    const BlockRequest as_cbor{scope, cbor_topic, cbor, 149504}, as_json{scope, json_topic, json, 149504};
    ASSERT_TRUE(blocks.answer(as_json, sink)) << "its buffers grow once";
    ASSERT_EQ(sink.blocks, 16U);

    const std::size_t before = allocations;
    bool answered = true;
    for (int i = 0; i < 100; ++i) answered = blocks.answer(as_cbor, sink) && blocks.answer(as_json, sink) && answered;
    EXPECT_EQ(allocations - before, 0U);
    EXPECT_TRUE(answered);
    EXPECT_EQ(sink.blocks, 16U * 201);
    EXPECT_EQ(sink.messages, 0U);
}

}  // namespace
}  // namespace otabahn::streams
