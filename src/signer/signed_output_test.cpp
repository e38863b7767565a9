// SPDX-License-Identifier: Apache-2.0
// The form in which Signer puts a signature beside or around an image (spec control-plane 3), without a store.
#include "encoding/base64_string.hpp"
#include "runtime/blob.hpp"
#include "signer/signing.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace otabahn::signer {
namespace {

// An image in memory; it may end early.
class TextImage final : public runtime::BlobReader {
  public:
    TextImage(std::string bytes, std::uint64_t claimed) : bytes_(std::move(bytes)), claimed_(claimed) {}
    std::uint64_t size() const override { return claimed_; }
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) const override {
        const auto piece = std::string_view(bytes_).substr(std::min<std::size_t>(offset, bytes_.size()), out.size());
        std::copy(piece.begin(), piece.end(), out.begin());
        return piece.size();
    }

  private:
    std::string bytes_;
    std::uint64_t claimed_;
};
class TextWriter final : public runtime::BlobWriter {
  public:
    Result<void> append(ByteView bytes) override {
        text += as_text(bytes);
        return {};
    }
    Result<std::string> commit() override { return std::string("id"); }
    std::string text;
};

TEST(SignedOutputForm, NamesInThePayloadLocationAreEscaped) {
    const SignedOutput output{3, "sig", x509::SignatureAlgorithm::sha256_ecdsa};
    EXPECT_EQ(format_detached(output, "b-1", "a \"k\"\\\n/\xc3\xbc", "v"),
              "{\"rawPayloadSize\":3,\"signature\":\"c2ln\",\"signatureAlgorithm\":\"SHA256withECDSA\",\"payloadLocation\":{\"s3\":{"
              "\"bucketName\":\"b-1\","
              "\"key\":\"a \\\"k\\\"\\\\\\u000a/\xc3\xbc\",\"version\":\"v\"}}}");
}

TEST(SignedOutputForm, PiecesOfAnySizeMakeOneBase64) {
    for (const std::size_t size : {0U, 1U, 2U, 3U, 1048575U, 1048576U, 1048577U, 2097154U}) {
        std::string bytes;
        for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(i * 7);
        TextWriter writer;
        ASSERT_TRUE(write_embedded({size, "s", x509::SignatureAlgorithm::sha256_rsa}, TextImage(bytes, size), writer));
        EXPECT_TRUE(writer.text.ends_with("\"payload\":\"" + encoding::to_base64(bytes) + "\"}")) << size;
    }
}

TEST(SignedOutputForm, AnImageThatEndsEarlyIsAnErrorAndNoSignature) {
    const auto key = x509::PrivateKey::generate(x509::KeyAlgorithm::ec_p256);
    EXPECT_EQ(sign_image(TextImage("abc", 4), *key, x509::SignatureAlgorithm::sha256_ecdsa).error().code, ErrorCode::internal);
}

}  // namespace
}  // namespace otabahn::signer
