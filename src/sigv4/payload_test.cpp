// SPDX-License-Identifier: Apache-2.0
// Bodies as clients send them, cut into pieces of every size, and what must not pass (spec control-plane 1.3, 1.4, 2.8).
#include "sigv4/payload.hpp"

#include "sigv4/amz_time.hpp"

#include <gtest/gtest.h>

namespace otabahn::sigv4 {
namespace {

using Headers = std::vector<HeaderView>;

// The published example, rows 5 and 6 of the spec's vectors.
ChunkChain example_chain(std::string_view seed) {
    return {signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", {"20130524", "us-east-1", "s3"}), std::string(seed), "20130524T000000Z",
            "20130524/us-east-1/s3/aws4_request"};
}
ChunkChain row5() { return example_chain("4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"); }
ChunkChain row6() { return example_chain("106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"); }

std::string row5_body() {
    return "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" + std::string(65536, 'a') +
           "\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" + std::string(1024, 'a') +
           "\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
}
std::string row6_body(std::string_view end =
                          "x-amz-checksum-crc32c:sOO8/"
                          "Q==\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n") {
    return "10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n" + std::string(65536, 'a') +
           "\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n" + std::string(1024, 'a') +
           "\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n" + std::string(end);
}
const Headers row6_headers{{"X-Amz-Decoded-Content-Length", "66560"}, {"X-Amz-Trailer", "x-amz-checksum-crc32c"}};

struct Outcome {
    std::string bytes;
    std::optional<PayloadError> error;
};

Outcome run(const Headers& headers, std::string_view hash, std::string_view body, ChunkChain chain = {}, std::size_t piece = 4096) {
    auto payload = Payload::plan({"PUT", "/b/k", headers}, hash, chain);
    if (!payload) return {"", payload.error()};
    Outcome out;
    for (std::size_t from = 0; from < body.size(); from += piece) {
        auto bytes = payload->take(as_bytes(body.substr(from, piece)));
        if (!bytes) return {out.bytes, bytes.error()};
        out.bytes.append(as_text(*bytes));
    }
    if (auto finished = payload->finish(); !finished) out.error = finished.error();
    return out;
}

#define EXPECT_FAULT(outcome, wanted)                                            \
    do {                                                                         \
        const Outcome got = (outcome);                                           \
        ASSERT_TRUE(got.error.has_value()) << "it was accepted";                 \
        EXPECT_EQ(got.error->fault, PayloadFault::wanted) << got.error->message; \
        EXPECT_FALSE(got.error->message.empty());                                \
    } while (false)

const std::string hello = "hello\n";
const std::string cli_hello = "6\r\nhello\n\r\n0\r\nx-amz-checksum-crc32:NjowIA==\r\n\r\n";  // bytes of AWS CLI 1.45
const Headers cli_headers{
    {"Content-Encoding", "aws-chunked"}, {"X-Amz-Trailer", "x-amz-checksum-crc32"}, {"X-Amz-Decoded-Content-Length", "6"}};
constexpr std::string_view unsigned_trailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER", signed_chunks = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                           signed_trailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";

TEST(Payload, PlainBodiesPassAsTheyAre) {
    EXPECT_EQ(run({}, "UNSIGNED-PAYLOAD", hello).bytes, hello);
    const Outcome hashed = run({}, sha256_hex(hello), hello);
    EXPECT_EQ(hashed.bytes, hello);
    EXPECT_FALSE(hashed.error);
}

TEST(Payload, ABodyThatDiffersFromItsHashIsRefused) {
    EXPECT_FAULT(run({}, sha256_hex(hello), "hellO\n"), hash);
    EXPECT_FAULT(run({}, empty_sha256, "x"), hash);
    EXPECT_FAULT(run({}, sha256_hex(hello), "hello"), hash);
}

TEST(Payload, WordsThatAreNoModeAreRefused) {
    EXPECT_FAULT(run({}, "", ""), malformed_hash);
    EXPECT_FAULT(run({}, "unsigned-payload", ""), malformed_hash);
    EXPECT_FAULT(run({}, std::string(64, 'G'), ""), malformed_hash);
    EXPECT_FAULT(run({}, "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", ""), unsupported_mode);
}

TEST(Payload, ContentMd5AndChecksumHeadersAreVerified) {
    EXPECT_FALSE(run({{"Content-MD5", "sZRqySSS0jR8YjW00mERhA=="}}, "UNSIGNED-PAYLOAD", hello).error);
    EXPECT_FALSE(run({{"X-Amz-Checksum-Crc32", "NjowIA=="}}, "UNSIGNED-PAYLOAD", hello).error);
    EXPECT_FAULT(run({{"Content-MD5", "sZRqySSS0jR8YjW00mERhA=="}}, "UNSIGNED-PAYLOAD", "other"), checksum);
    EXPECT_FAULT(run({{"X-Amz-Checksum-Crc32", "NjowIA=="}}, "UNSIGNED-PAYLOAD", "other"), checksum);
    EXPECT_FAULT(run({{"Content-MD5", "short"}}, "UNSIGNED-PAYLOAD", hello), malformed_digest);
    EXPECT_FAULT(run({{"Content-MD5", "NjowIA=="}}, "UNSIGNED-PAYLOAD", hello), malformed_digest);
    EXPECT_FAULT(run({{"x-amz-checksum-sha256", "NjowIA=="}}, "UNSIGNED-PAYLOAD", hello), malformed_checksum);
    EXPECT_FAULT(run({{"x-amz-checksum-crc32", "NjowIA=="}, {"x-amz-checksum-crc32c", "NjowIA=="}}, "UNSIGNED-PAYLOAD", hello),
                 malformed_checksum);
}

TEST(Payload, WhatTheCliSendsOverHttpsPassesInPiecesOfAnySize) {
    for (std::size_t piece = 1; piece <= cli_hello.size(); ++piece) {
        const Outcome out = run(cli_headers, unsigned_trailer, cli_hello, {}, piece);
        EXPECT_EQ(out.bytes, hello) << piece;
        EXPECT_FALSE(out.error) << piece;
    }
}

TEST(Payload, TrailersMayEndWithANewlineAloneAndHaveBlanksAroundTheColon) {
    EXPECT_FALSE(run(cli_headers, unsigned_trailer, "6\r\nhello\n\r\n0\r\nx-amz-checksum-crc32 : NjowIA==\n\r\n").error);
    EXPECT_FALSE(run(cli_headers, unsigned_trailer, "6\r\nhello\n\r\n0\r\nX-Amz-Checksum-Crc32:NjowIA==\n\r\n\r\n").error);
    EXPECT_FALSE(run(cli_headers, unsigned_trailer, "6\r\nhello\n\r\n0\r\nx-amz-checksum-crc32:NjowIA==\r\n").error);
}

TEST(Payload, BrokenUnsignedChunksAreRefused) {
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, "6\r\nhello\n\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"), checksum);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, "6\r\nhello\n\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n"), malformed_trailer);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, "6\r\nhello\n\r\n0\r\n\r\n"), malformed_trailer);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, "6\r\nhello\n\r\n0\r\nx-amz-checksum-sha1:AAAA\r\n\r\n"), malformed_trailer);
    EXPECT_FAULT(
        run(cli_headers, unsigned_trailer, "6\r\nhello\n\r\n0\r\nx-amz-checksum-crc32:NjowIA==\r\nx-amz-checksum-crc32:NjowIA==\r\n\r\n"),
        malformed_trailer);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, "6\r\nhello\n\r\n0\r\nno colon\r\n\r\n"), malformed_trailer);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer,
                     "6\r\nhello\n!"
                     "\r\n0\r\n"),
                 malformed_chunk);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, "six\r\nhello\n\r\n"), malformed_chunk);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, "\r\n"), malformed_chunk);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, "-6\r\nhello\n\r\n"), malformed_chunk);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, "6;x=1\r\nhello\n\r\n"), malformed_chunk);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, std::string(5000, '0')), malformed_chunk);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, cli_hello + "more"), malformed_chunk);
}

TEST(Payload, LengthsMustBeAsAnnounced) {
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, "7\r\nhello\n!\r\n0\r\n"), length);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, "ffffffffffffffff\r\nhello"), length);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, "5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n"), length);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, cli_hello.substr(0, 9)), length);
    EXPECT_FAULT(run(cli_headers, unsigned_trailer, ""), length);
    EXPECT_FAULT(run({{"X-Amz-Trailer", "x-amz-checksum-crc32"}}, unsigned_trailer, cli_hello), missing_length);
    EXPECT_FAULT(run({{"X-Amz-Decoded-Content-Length", "-6"}}, unsigned_trailer, cli_hello), missing_length);
}

TEST(Payload, SignedChunksPassInPiecesOfAnySize) {
    for (const std::size_t piece : {1u, 7u, 1000u, 65536u, 100000u}) {
        const Outcome out = run({{"x-amz-decoded-content-length", "66560"}}, signed_chunks, row5_body(), row5(), piece);
        EXPECT_FALSE(out.error) << piece;
        EXPECT_EQ(out.bytes, std::string(66560, 'a')) << piece;
    }
}

TEST(Payload, AnyChangeToASignedChunkIsFound) {
    const Headers headers{{"x-amz-decoded-content-length", "66560"}};
    std::string body = row5_body();
    body[100] = 'b';
    EXPECT_FAULT(run(headers, signed_chunks, body, row5()), chunk_signature);
    body = row5_body();
    body[body.size() - 5] = body[body.size() - 5] == '0' ? '1' : '0';
    EXPECT_FAULT(run(headers, signed_chunks, body, row5()), chunk_signature);
    body = row5_body();
    body.replace(0, 6, "10000 ");
    EXPECT_FAULT(run(headers, signed_chunks, body, row5()), malformed_chunk);
    EXPECT_FAULT(run(headers, signed_chunks, "400\r\n" + std::string(1024, 'a'), row5()), malformed_chunk);
    EXPECT_FAULT(run(headers, signed_chunks, row5_body(), row6()), chunk_signature);
    // The last chunk's signature stands for the end: without it the body is not whole.
    body = row5_body();
    EXPECT_FAULT(run(headers, signed_chunks, body.substr(0, body.rfind("0;chunk")), row5()), length);
}

TEST(Payload, OnlyTheLastSignedChunkMayBeSmall) {
    ChunkChain chain = row5();
    const std::string data(100, 'x');
    std::string body;
    for (int i = 0; i < 2; ++i) body += "64;chunk-signature=" + chain.next_chunk(sha256_hex(data)) + "\r\n" + data + "\r\n";
    body += "0;chunk-signature=" + chain.next_chunk(empty_sha256) + "\r\n\r\n";
    EXPECT_FAULT(run({{"x-amz-decoded-content-length", "200"}}, signed_chunks, body, row5()), chunk_size);
}

TEST(Payload, SignedTrailersPass) {
    EXPECT_FALSE(run(row6_headers, signed_trailer, row6_body(), row6(), 1000).error);
    // As AWS's documentation prints it: \n after the value, an empty line before the signature.
    EXPECT_FALSE(run(row6_headers, signed_trailer,
                     row6_body("x-amz-checksum-crc32c:sOO8/"
                               "Q==\n\r\nx-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"),
                     row6())
                     .error);
}

TEST(Payload, BrokenSignedTrailersAreRefused) {
    EXPECT_FAULT(run(row6_headers, signed_trailer, row6_body("x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n"), row6()), malformed_trailer);
    EXPECT_FAULT(run(row6_headers, signed_trailer,
                     row6_body("x-amz-checksum-crc32c:AAAAAA==\r\nx-amz-trailer-signature:"
                               "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"),
                     row6()),
                 chunk_signature);
    EXPECT_FAULT(run(row6_headers, signed_trailer,
                     row6_body("x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n"), row6()),
                 chunk_signature);
    EXPECT_FAULT(run(row6_headers, signed_trailer, row6_body("x-amz-trailer-signature:short\r\n\r\n"), row6()), chunk_signature);
    ChunkChain chain = row6();
    chain.previous = "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992";
    const std::string value = "x-amz-checksum-crc32c:AAAAAA==";
    EXPECT_FAULT(run(row6_headers, signed_trailer,
                     row6_body(value + "\r\nx-amz-trailer-signature:" + chain.next_trailer(value + "\n") + "\r\n\r\n"), row6()),
                 checksum);
}

}  // namespace
}  // namespace otabahn::sigv4
