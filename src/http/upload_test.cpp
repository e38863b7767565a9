// SPDX-License-Identifier: Apache-2.0
// Bodies: every way in which clients send an object, what must not become one, and objects on their way back.
#include "http/loopback_fixture.hpp"
#include "sigv4/checksum.hpp"

#include <gmock/gmock.h>

namespace otabahn::http {
namespace {

using testing::HasSubstr;

class Uploads : public Loopback {
  protected:
    Spec put(std::string body, std::vector<sigv4::Header> headers = {}) const {
        return {.method = "PUT", .target = "/bucket/key", .service = "s3", .body = std::move(body), .headers = std::move(headers)};
    }
    // The object's own headers come first, then the body in HTTP's chunks.
    static std::string http_chunked(std::string_view body, std::size_t size) {
        std::string out;
        for (std::size_t from = 0; from < body.size(); from += size) {
            const std::string_view piece = body.substr(from, size);
            std::string digits;
            for (std::size_t n = piece.size(); n > 0; n /= 16) digits.insert(digits.begin(), "0123456789abcdef"[n % 16]);
            out += digits + "\r\n" + std::string(piece) + "\r\n";
        }
        return out + "0\r\n\r\n";
    }
    std::string signed_chunks(const Spec& spec, const std::string& head, std::string_view data, bool trailer) const {
        const std::size_t place = head.find("Signature=") + 10;
        sigv4::SignInput input{spec.method, spec.target, {}, spec.payload_hash, spec.region, spec.service, clock.now()};
        sigv4::ChunkChain chain = sigv4::chunk_chain(key, input, head.substr(place, 64));
        std::string out;
        for (std::size_t from = 0; from < data.size(); from += 65536) {
            const std::string_view piece = data.substr(from, 65536);
            char digits[20];
            std::snprintf(digits, sizeof digits, "%zx", piece.size());
            out += std::string(digits) + ";chunk-signature=" + chain.next_chunk(sigv4::sha256_hex(piece)) + "\r\n" + std::string(piece) +
                   "\r\n";
        }
        out += "0;chunk-signature=" + chain.next_chunk(sigv4::empty_sha256) + "\r\n";
        if (trailer) {
            sigv4::Checksum crc(sigv4::ChecksumKind::crc32c);
            crc.update(as_bytes(data));
            const std::string line = "x-amz-checksum-crc32c:" + crc.finish_base64();
            out += line + "\r\nx-amz-trailer-signature:" + chain.next_trailer(line + "\n") + "\r\n";
        }
        return out + "\r\n";
    }
    // The upload that was begun is gone, and nothing of it remains.
    void expect_nothing_left(int begun = 1) {
        stop();
        EXPECT_EQ(object.begun, begun);
        EXPECT_EQ(object.finished, 0);
        EXPECT_EQ(object.gone, begun);
    }
};

const std::string large_text = [] {
    std::string out;
    for (int i = 0; i < 300'000; ++i) out += std::to_string(i) + ",";
    return out;
}();

TEST_F(Uploads, AHashedBodyIsStored) {
    start();
    const Answer answer = ask(request(put(large_text, {{"Content-Type", "text/plain"}})));
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.header("ETag"), "\"etag\"");
    EXPECT_EQ(object.bytes, large_text);
    EXPECT_EQ(object.request.content_type, "text/plain");
}

TEST_F(Uploads, AnEmptyBodyIsAnObjectToo) {
    start();
    EXPECT_EQ(ask(request(put(""))).status, 200);
    EXPECT_EQ(object.finished, 1);
    EXPECT_EQ(object.bytes, "");
}

TEST_F(Uploads, AnUnsignedBodyIsStored) {
    start();
    Spec spec = put("hello");
    spec.payload_hash = "UNSIGNED-PAYLOAD";
    EXPECT_EQ(ask(request(spec)).status, 200);
    EXPECT_EQ(object.bytes, "hello");
}

// HTTP chunks outside, aws-chunked inside: what AWS CLI 1.45 sends over TLS (spec control-plane 1.3).
TEST_F(Uploads, UnsignedChunksWithATrailerAreStoredWithoutTheirWrapping) {
    start();
    Spec spec = put("", {{"Content-Encoding", "gzip,aws-chunked"},
                         {"X-Amz-Trailer", "x-amz-checksum-crc32"},
                         {"X-Amz-Decoded-Content-Length", "6"},
                         {"Transfer-Encoding", "chunked"}});
    spec.payload_hash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    spec.send_length = false;
    const std::string inner = "6\r\nhello\n\r\n0\r\nx-amz-checksum-crc32:NjowIA==\r\n\r\n";
    EXPECT_EQ(ask(head_of(spec, key) + http_chunked(inner, 7)).status, 200);
    EXPECT_EQ(object.bytes, "hello\n");
    EXPECT_EQ(object.request.content_encoding, "gzip");
    EXPECT_EQ(object.request.content_length, 6);

    const Answer wrong = ask(head_of(spec, key) + http_chunked("6\r\nhello!\r\n0\r\nx-amz-checksum-crc32:NjowIA==\r\n\r\n", 100));
    EXPECT_EQ(wrong.status, 400);
    EXPECT_THAT(wrong.body, HasSubstr("<Code>BadDigest</Code>"));
    EXPECT_EQ(object.finished, 1);
}

TEST_F(Uploads, ATransferCodingThatNobodyTakesOffIsRefusedAndNothingIsStored) {
    start();
    for (const std::string coding : {"gzip, chunked", "deflate,chunked", "chunked\r\nTransfer-Encoding: chunked"}) {
        Spec spec = put("");
        spec.payload_hash = "UNSIGNED-PAYLOAD";
        spec.send_length = false;
        std::string head = head_of(spec, key);
        head.insert(head.size() - 2, "Transfer-Encoding: " + coding + "\r\n");
        const Answer answer = ask(head + http_chunked("hello", 5));
        EXPECT_TRUE(answer.status == 501 || answer.status == 400) << coding << " " << answer.status;
    }
    EXPECT_EQ(object.begun, 0);
}

TEST_F(Uploads, SignedChunksAreStored) {
    start();
    Spec spec = put("", {{"Content-Encoding", "aws-chunked"}, {"X-Amz-Decoded-Content-Length", std::to_string(large_text.size())}});
    spec.payload_hash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    spec.send_length = false;
    std::string head = head_of(spec, key);
    std::string body = signed_chunks(spec, head, large_text, false);
    head.insert(head.size() - 2, "Content-Length: " + std::to_string(body.size()) + "\r\n");
    EXPECT_EQ(ask(head + body).status, 200);
    EXPECT_EQ(object.bytes, large_text);
    EXPECT_FALSE(object.request.content_encoding);

    body[body.size() / 2] ^= 1;
    const Answer wrong = ask(head + body);
    EXPECT_EQ(wrong.status, 403);
    EXPECT_THAT(wrong.body, HasSubstr("<Code>SignatureDoesNotMatch</Code>"));
    EXPECT_EQ(object.finished, 1);
}

TEST_F(Uploads, SignedChunksWithASignedTrailerAreStored) {
    start();
    Spec spec = put("", {{"Content-Encoding", "aws-chunked"},
                         {"X-Amz-Trailer", "x-amz-checksum-crc32c"},
                         {"X-Amz-Decoded-Content-Length", std::to_string(large_text.size())}});
    spec.payload_hash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
    spec.send_length = false;
    std::string head = head_of(spec, key);
    const std::string body = signed_chunks(spec, head, large_text, true);
    head.insert(head.size() - 2, "Content-Length: " + std::to_string(body.size()) + "\r\n");
    EXPECT_EQ(ask(head + body).status, 200);
    EXPECT_EQ(object.bytes, large_text);
}

TEST_F(Uploads, AnUploadThatIsCutLeavesNothing) {
    start();
    {
        Peer peer(port);
        const std::string bytes = request(put(large_text));
        peer.send(bytes.substr(0, bytes.size() - 1));
    }
    // The next request is served after the cut was seen: one loop, in order of arrival.
    while (object.gone == 0) std::this_thread::yield();
    expect_nothing_left();
}

TEST_F(Uploads, ABodyThatIsNotWhatWasSignedLeavesNothing) {
    start();
    std::string bytes = request(put(large_text));
    bytes.back() ^= 1;
    const Answer answer = ask(bytes);
    EXPECT_EQ(answer.status, 400);
    EXPECT_THAT(answer.body, HasSubstr("XAmzContentSHA256Mismatch"));
    expect_nothing_left();
}

TEST_F(Uploads, WrongDigestsAndChecksumsLeaveNothing) {
    start();
    EXPECT_THAT(ask(request(put("hello", {{"Content-MD5", "sZRqySSS0jR8YjW00mERhA=="}}))).body, HasSubstr("<Code>BadDigest</Code>"));
    EXPECT_THAT(ask(request(put("hello", {{"x-amz-checksum-crc32", "NjowIA=="}}))).body,
                HasSubstr("The CRC32 you specified did not match the calculated checksum."));
    expect_nothing_left(2);
}

TEST_F(Uploads, MalformedDigestsAreRefusedBeforeTheBodyIsRead) {
    start();
    EXPECT_THAT(ask(request(put("hello", {{"Content-MD5", "x"}}))).body, HasSubstr("<Code>InvalidDigest</Code>"));
    Spec spec = put("hello");
    spec.payload_hash = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD";
    EXPECT_EQ(ask(request(spec)).status, 501);
    spec.payload_hash = "hello";
    EXPECT_THAT(ask(request(spec)).body, HasSubstr("<Code>InvalidArgument</Code>"));
    spec = put("");
    spec.send_length = false;
    const Answer unmeasured = ask(head_of(spec, key));
    EXPECT_EQ(unmeasured.status, 411);
    EXPECT_THAT(unmeasured.body, HasSubstr("<Code>MissingContentLength</Code>"));
    expect_nothing_left(0);
}

TEST_F(Uploads, AHandlersRefusalMidwayIsTheAnswer) {
    start();
    const Answer answer = ask(request(put("the disk full")));
    EXPECT_EQ(answer.status, 500);
    EXPECT_THAT(answer.body, HasSubstr("No space left."));
    expect_nothing_left();
}

TEST_F(Uploads, ExpectContinueIsAnsweredBeforeTheBody) {
    start();
    const Spec spec = put("hello", {{"Expect", "100-continue"}});
    Peer peer(port);
    peer.send(head_of(spec, key));
    EXPECT_EQ(peer.receive().status, 100);
    peer.send("hello");
    EXPECT_EQ(peer.receive().status, 200);
    EXPECT_EQ(object.bytes, "hello");
}

TEST_F(Uploads, ExpectContinueIsNotAnsweredWhenTheUploadIsRefused) {
    start();
    Spec spec = put("hello", {{"Expect", "100-continue"}});
    spec.target = "/missing/key";
    Peer peer(port);
    peer.send(head_of(spec, key));
    const Answer answer = peer.receive();
    EXPECT_EQ(answer.status, 404);
    EXPECT_EQ(answer.header("Connection"), "close");
    EXPECT_THAT(answer.body, HasSubstr("NoSuchBucket"));
}

TEST_F(Uploads, ARefusalReachesAClientThatSendsItsWholeBodyFirst) {
    start();
    Spec spec = put(large_text);
    spec.target = "/missing/key";
    EXPECT_EQ(ask(request(spec)).status, 404);
}

TEST_F(Uploads, OtherBodiesAreAnsweredContinueToo) {
    start();
    const Spec spec{.method = "POST", .target = "/things/lamp", .body = "{}", .headers = {{"Expect", "100-continue"}}};
    Peer peer(port);
    peer.send(head_of(spec, key));
    EXPECT_EQ(peer.receive().status, 100);
    peer.send("{}");
    EXPECT_EQ(peer.receive().status, 200);
}

TEST_F(Uploads, BodiesThatAreReadWholeAreBounded) {
    start();
    Spec spec{.method = "POST", .target = "/things/lamp", .send_length = false};
    std::string head = head_of(spec, key);
    head.insert(head.size() - 2, "Content-Length: 8388609\r\n");
    EXPECT_EQ(ask(head).status, 413);
    spec.headers = {{"Transfer-Encoding", "chunked"}};
    EXPECT_EQ(ask(head_of(spec, key) + http_chunked(std::string(8388609, 'x'), 100'000)).status, 413);
}

TEST_F(Uploads, BodiesInMemoryAreBoundedAllTogether) {
    options.whole_bodies_limit = 100;
    start();
    const Spec large{.method = "POST", .target = "/things/lamp", .body = std::string(101, ' ')};
    EXPECT_EQ(ask(request(large)).status, 503);
    const Spec small{.method = "POST", .target = "/things/lamp", .body = "{" + std::string(98, ' ') + "}"};
    EXPECT_EQ(ask(request(small)).status, 200);
    EXPECT_EQ(ask(request(small)).status, 200);
}

TEST_F(Uploads, NobodysMegabytesAreReadForARefusal) {
    start();
    // The head alone: an answer means that the body was not waited for.
    const Answer form =
        ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 8000000\r\n\r\n");
    EXPECT_EQ(form.status, 403);
    EXPECT_THAT(form.body, HasSubstr("<Code>MissingAuthenticationToken</Code>"));

    Spec spec{.method = "POST", .target = "/things/lamp", .headers = {{"Content-Length", "8000000"}}, .send_length = false};
    const Answer stranger = ask(head_of(spec, {"AKIASTRANGER00000000", key.secret, ""}));
    EXPECT_EQ(stranger.status, 403);
    EXPECT_THAT(stranger.header("x-amzn-ErrorType"), testing::StartsWith("UnrecognizedClientException"));
}

TEST_F(Uploads, ADownloadStreams) {
    start();
    const Answer answer = ask(request({.target = "/bucket/large", .service = "s3"}));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, std::string(3'000'000, 'L'));
}

TEST_F(Uploads, ADownloadWhoseSourceEndsEarlyIsBrokenOffNotPassedAsWhole) {
    start();
    Peer peer(port);
    peer.send(request({.target = "/bucket/short", .service = "s3"}));
    EXPECT_EQ(peer.receive().status, 0);
    EXPECT_TRUE(peer.is_closed_by_peer());
}

TEST_F(Uploads, HeadAnswersWithTheLengthAndNoBody) {
    start();
    Peer peer(port);
    peer.send(request({.method = "HEAD", .target = "/bucket/key", .service = "s3"}));
    const Answer found = peer.receive(true);
    EXPECT_EQ(found.status, 200);
    EXPECT_EQ(found.header("Content-Length"), "12345");
    peer.send(request({.method = "HEAD", .target = "/bucket/missing", .service = "s3"}));
    EXPECT_EQ(peer.receive(true).status, 404);
    peer.send(request({.target = "/bucket/missing", .service = "s3"}));
    const Answer missing = peer.receive();
    EXPECT_EQ(missing.status, 404);
    EXPECT_THAT(missing.body, HasSubstr("<Code>NoSuchKey</Code>"));
}

}  // namespace
}  // namespace otabahn::http
