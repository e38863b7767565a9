// SPDX-License-Identifier: Apache-2.0
// The test vectors of spec control-plane 1.9; those marked D there are AWS's published examples.
#include "sigv4/amz_time.hpp"
#include "sigv4/checksum.hpp"
#include "sigv4/sign.hpp"
#include "sigv4/sigv2.hpp"
#include "sigv4/verify.hpp"

#include <gtest/gtest.h>

namespace otabahn::sigv4 {
namespace {

const Credentials example{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};

Timestamp at(std::string_view amz_time) { return parse_amz_time(amz_time).value(); }

std::string signature_of(const std::vector<Header>& added) {
    for (const Header& header : added)
        if (header.name == "Authorization") return header.value.substr(header.value.rfind('=') + 1);
    return "";
}

SignInput s3_example(std::string method, std::string target, std::vector<Header> headers) {
    return {std::move(method), std::move(target), std::move(headers), std::string(empty_sha256), "us-east-1", "s3", at("20130524T000000Z")};
}

SignInput json_example(std::string method, std::string target, std::string service) {
    return {std::move(method), std::move(target),  {{"Host", "127.0.0.1:8443"}}, std::string(empty_sha256),
            "us-east-1",       std::move(service), at("20250628T120000Z")};
}

TEST(Vectors, Row1TheSigningKey) {
    const SigningKey key = signing_key(example.secret, {"20130524", "us-east-1", "s3"});
    std::string hex;
    for (const std::uint8_t byte : key) {
        hex += "0123456789abcdef"[byte >> 4];
        hex += "0123456789abcdef"[byte & 15];
    }
    EXPECT_EQ(hex, "dbb893acc010964918f1fd433add87c70e8b0db6be30c1fbeafefa5ec6ba8378");
}

TEST(Vectors, Row2AnObjectsRange) {
    const SignInput input = s3_example("GET", "/test.txt", {{"Host", "examplebucket.s3.amazonaws.com"}, {"Range", "bytes=0-9"}});
    EXPECT_EQ(signature_of(sign_headers(example, input)), "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");

    const std::vector<HeaderView> headers{{"Host", "examplebucket.s3.amazonaws.com"},
                                          {"Range", "bytes=0-9"},
                                          {"x-amz-content-sha256", empty_sha256},
                                          {"x-amz-date", "20130524T000000Z"}};
    const std::vector<std::string> names{"host", "range", "x-amz-content-sha256", "x-amz-date"};
    EXPECT_EQ(sha256_hex(canonical_request({"GET", "/test.txt", headers}, PathForm::as_sent, names, empty_sha256, {})),
              "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972");
}

TEST(Vectors, Row3AQueryIsSortedAndSigned) {
    const SignInput input = s3_example("GET", "/?prefix=J&max-keys=2", {{"Host", "examplebucket.s3.amazonaws.com"}});
    EXPECT_EQ(signature_of(sign_headers(example, input)), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(Vectors, Row4APresignedUrl) {
    PresignInput input;
    input.scheme = "https";
    input.host = "examplebucket.s3.amazonaws.com";
    input.path = "/test.txt";
    input.region = "us-east-1";
    input.service = "s3";
    input.lifetime = std::chrono::seconds(86400);
    input.now = at("20130524T000000Z");
    EXPECT_EQ(presign_url(example, input),
              "https://examplebucket.s3.amazonaws.com/"
              "test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
              "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
              "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST(Vectors, Row5SignedChunks) {
    SignInput input = s3_example("PUT", "/examplebucket/chunkObject.txt",
                                 {{"Host", "s3.amazonaws.com"},
                                  {"content-encoding", "aws-chunked"},
                                  {"content-length", "66824"},
                                  {"x-amz-decoded-content-length", "66560"},
                                  {"x-amz-storage-class", "REDUCED_REDUNDANCY"}});
    input.payload_hash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    const std::string seed = signature_of(sign_headers(example, input));
    EXPECT_EQ(seed, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
    ChunkChain chain = chunk_chain(example, input, seed);
    EXPECT_EQ(chain.next_chunk(sha256_hex(std::string(65536, 'a'))), "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648");
    EXPECT_EQ(chain.next_chunk(sha256_hex(std::string(1024, 'a'))), "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497");
    EXPECT_EQ(chain.next_chunk(sha256_hex("")), "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9");
}

TEST(Vectors, Row6SignedChunksWithTrailer) {
    SignInput input = s3_example("PUT", "/examplebucket/chunkObject.txt",
                                 {{"Host", "s3.amazonaws.com"},
                                  {"content-encoding", "aws-chunked"},
                                  {"x-amz-decoded-content-length", "66560"},
                                  {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                                  {"x-amz-trailer", "x-amz-checksum-crc32c"}});
    input.payload_hash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
    const std::string seed = signature_of(sign_headers(example, input));
    EXPECT_EQ(seed, "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
    ChunkChain chain = chunk_chain(example, input, seed);
    EXPECT_EQ(chain.next_chunk(sha256_hex(std::string(65536, 'a'))), "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2");
    EXPECT_EQ(chain.next_chunk(sha256_hex(std::string(1024, 'a'))), "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7");
    EXPECT_EQ(chain.next_chunk(sha256_hex("")), "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992");
    EXPECT_EQ(chain.next_trailer("x-amz-checksum-crc32c:sOO8/Q==\n"), "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435");
}

TEST(Vectors, Row7ASignerBody) {
    const std::string body =
        R"({"signingMaterial": {"certificateArn": "arn:aws:acm:us-east-1:561470034375:certificate/e20e0e41-8688-4801-8aa6-0406afec266e"}, "platformId": )"
        R"("AmazonFreeRTOS-Default", "signingParameters": {"certname": "/"}})";
    ASSERT_EQ(body.size(), 206u);
    SignInput input = json_example("PUT", "/signing-profiles/otaFreeRTOS", "signer");
    input.headers.push_back({"Content-Type", "application/json"});
    input.payload_hash = sha256_hex(body);
    EXPECT_EQ(input.payload_hash, "9aeda04f46956d8481800d141c46287b3e899bd58dccbf255f1689f2d26891f6");
    EXPECT_EQ(signature_of(sign_headers(example, input)), "90b9d8b28ef23fe9286a86d6dbae6d927eb562ae52c912871bf6238cabac66a5");
}

TEST(Vectors, Row8AnArnInThePathIsEncodedTwice) {
    const SignInput input =
        json_example("GET", "/tags/arn%3Aaws%3Asigner%3Aus-east-1%3A123456789012%3A%2Fsigning-profiles%2FotaSign", "signer");
    EXPECT_EQ(signature_of(sign_headers(example, input)), "f8026fecc13eb77f90f17b33c9f3d98e70f0d9ec6fcf12d2bb80c12aa63dbab1");
}

TEST(Vectors, Row9TheScopeNamesTheService) {
    EXPECT_EQ(signature_of(sign_headers(example, json_example("GET", "/streams?maxResults=10", "execute-api"))),
              "20cedb60d151af14f1d2f82afe4a3e5dd0efc80dc122b8a1935172d56d8f1fd6");
    EXPECT_EQ(signature_of(sign_headers(example, json_example("GET", "/streams?maxResults=10", "iot"))),
              "a7d8e61abf297e55b29f31a65f470d52dd3d825922688cd20a473321d6451309");
}

TEST(Vectors, Row10AWebSocketUrl) {
    PresignInput input;
    input.scheme = "wss";
    input.host = "abc-ats.iot.us-east-1.amazonaws.com";
    input.path = "/mqtt";
    input.region = "us-east-1";
    input.service = "iotdevicegateway";
    input.lifetime = std::chrono::seconds(86400);
    input.now = at("20250628T120000Z");
    const std::string url = presign_url(example, input);
    EXPECT_EQ(url.substr(url.rfind('=') + 1), "26c772ea40073ff6028cb140917f9eca71e7d96a8649e7614c2ed8a3c78da818");
}

TEST(Vectors, Row11SignatureVersion2) {
    const RequestView request{
        "GET", "/bkt/a%20b/c.bin?versionId=v1&AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=x&Expires=1795493495", {}};
    EXPECT_EQ(v2_string_to_sign(request, ""), "GET\n\n\n1795493495\n/bkt/a%20b/c.bin?versionId=v1");
    EXPECT_EQ(v2_signature(example.secret, "GET\n\n\n1795493495\n/bkt/a%20b/c.bin?versionId=v1"), "4e6PgPH1wUrc1JBO2V18J817skU=");
}

TEST(Vectors, Row12ChecksumsOfNineDigits) {
    const std::vector<std::pair<ChecksumKind, std::string_view>> rows{{ChecksumKind::crc32, "y/Q5Jg=="},
                                                                      {ChecksumKind::crc32c, "4waSgw=="},
                                                                      {ChecksumKind::crc64nvme, "rosUhgp5mIg="},
                                                                      {ChecksumKind::md5, "JfnnlDI7RTiF9RgfG2JNCw=="}};
    for (const auto& [kind, expected] : rows) {
        Checksum checksum(kind);
        checksum.update(as_bytes("123456789"));
        EXPECT_EQ(checksum.finish_base64(), expected) << to_string(kind);
    }
}

TEST(Vectors, ChecksumsDoNotDependOnHowTheBytesAreCut) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7 + i / 3);
    for (const ChecksumKind kind :
         {ChecksumKind::crc32, ChecksumKind::crc32c, ChecksumKind::crc64nvme, ChecksumKind::sha1, ChecksumKind::sha256}) {
        Checksum whole(kind), pieces(kind);
        whole.update(as_bytes(text));
        for (std::size_t from = 0, size = 1; from < text.size(); from += size, size = size % 17 + 1)
            pieces.update(as_bytes(std::string_view(text).substr(from, size)));
        const std::string value = whole.finish();
        EXPECT_EQ(value, pieces.finish()) << to_string(kind);
        EXPECT_EQ(value.size(), checksum_size(kind));
    }
}

}  // namespace
}  // namespace otabahn::sigv4
