// SPDX-License-Identifier: Apache-2.0
// What answering GetStream costs before TLS: parse, look up, select, encode heads. The sink copies a block's bytes once, as the
// connection does when it gathers a record. Built on demand: ninja stream_blocks_bench.
#include "encoding/base64.hpp"
#include "otawire/stream_request.hpp"
#include "streams/streams.hpp"

#include <benchmark/benchmark.h>

#include <cstring>

using namespace otabahn;

namespace {

constexpr std::uint64_t file_size = 24 << 20;

class MemoryBlob final : public runtime::BlobReader {
  public:
    std::uint64_t size() const override { return bytes_.size(); }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const override {
        std::memcpy(out.data(), bytes_.data() + offset, out.size());
        return out.size();
    }

  private:
    std::vector<std::uint8_t> bytes_ = std::vector<std::uint8_t>(file_size, 0x5a);
};

class PacketSink final : public streams::BlockSink {
  public:
    void block(std::string_view, std::string_view head, const std::shared_ptr<const runtime::BlobReader>& blob, std::uint64_t offset,
               std::uint32_t size, std::string_view tail) override {
        std::memcpy(packet_.data(), head.data(), head.size());
        if (size > 0) benchmark::DoNotOptimize(blob->read_at(offset, std::span(packet_).subspan(head.size(), size)));
        bytes += head.size() + size + tail.size();
        ++blocks;
    }
    void message(std::string_view, std::string_view) override { refused = true; }
    std::uint64_t blocks = 0, bytes = 0;
    bool refused = false;

  private:
    std::vector<std::uint8_t> packet_ = std::vector<std::uint8_t>(1 << 18);
};

// Arguments: block size, blocks a request.
void serve(benchmark::State& state, otawire::Format format) {
    const Scope scope{AccountId::trusted("000000000000"), Region::trusted("us-east-1")};
    const std::string id = "otabahn-3f2c8a9e-6d53-4d8e-9c0b-7d2f6b1c0a55";
    streams::StreamFile file;
    file.size = file_size;
    file.blob = std::make_shared<MemoryBlob>();
    streams::StreamBlocks blocks(false);
    blocks.warm(scope, StreamId::trusted(id),
                std::make_shared<const streams::OpenStream>(streams::OpenStream{scope, id, "", 1, {file}, "role"}), from_millis(0));
    const std::string topic = "$aws/things/device-0001/streams/" + id + (format == otawire::Format::cbor ? "/get/cbor" : "/get/json");
    otawire::GetStreamRequest wanted;
    wanted.token.assign("rdy");
    wanted.block_size = static_cast<std::uint32_t>(state.range(0));
    wanted.count = static_cast<std::uint32_t>(state.range(1));
    std::array<std::uint8_t, 256> room{};
    PacketSink sink;
    const std::uint32_t offsets = static_cast<std::uint32_t>(file_size / wanted.block_size - *wanted.count);
    for (auto _ : state) {
        wanted.offset = (wanted.offset + *wanted.count) % offsets;
        const auto payload = otawire::encode_get(wanted, format, room);
        blocks.answer({scope, topic, as_text(*payload), 0}, sink);
    }
    if (sink.refused) state.SkipWithError("a request was refused");
    state.SetItemsProcessed(static_cast<std::int64_t>(sink.blocks));
    state.SetBytesProcessed(static_cast<std::int64_t>(sink.bytes));
}

void sizes(benchmark::internal::Benchmark* bench) {
    bench->Args({256, 1})->Args({4096, 1})->Args({4096, 16})->Args({16384, 8})->Args({131072, 1});
}

}  // namespace

BENCHMARK_CAPTURE(serve, cbor, otawire::Format::cbor)->Apply(sizes);
BENCHMARK_CAPTURE(serve, json, otawire::Format::json)->Apply(sizes);
BENCHMARK_MAIN();
