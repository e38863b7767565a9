// SPDX-License-Identifier: Apache-2.0
// Signers with real keys, and a trust folder of a test's own.
#pragma once

#include "device/host/temporary_folder_test.hpp"
#include "device/linux/trust.hpp"
#include "x509/x509.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace otabahn::device {

// Works a verification off at once.
class Patient final : public Verifier {
  public:
    explicit Patient(TrustFolder& trust) : trust_(trust) {}
    Answer check(const SignatureFacts& signature, ByteView message, const Digest* digest) override {
        return trust_.check(signature, message, digest);
    }
    Answer verify(std::uint8_t slot, std::uint64_t size, const SignatureFacts& signature) override {
        Answer answer = trust_.verify(slot, size, signature);
        while (!answer) answer = trust_.work();
        return answer;
    }

  private:
    TrustFolder& trust_;
};

inline Digest to_digest(std::string_view bytes) {
    Digest out{};
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}

inline Digest sha256(ByteView bytes) {
    x509::Sha256 hash;
    hash.update(bytes);
    return to_digest(hash.finish());
}

class TrustTest : public testing::Test {
  protected:
    struct Signer {
        x509::PrivateKey key;
        x509::Certificate certificate;
    };
    // `by`: whose key signs its certificate; without one its own does.
    static Signer make(const std::string& name, x509::KeyAlgorithm algorithm = x509::KeyAlgorithm::ec_p256, const Signer* by = nullptr,
                       bool code_signing = true) {
        auto key = x509::PrivateKey::generate(algorithm).value();
        x509::IssueRequest request;
        request.public_key_pem = key.public_key_pem();
        request.subject.common_name = name;
        request.not_before = Timestamp(std::chrono::days{19'000});
        request.not_after = Timestamp(std::chrono::days{40'000});
        request.code_signing = code_signing;
        auto certificate = x509::issue(request, by ? by->key : key, by ? &by->certificate : nullptr).value();
        return {std::move(key), std::move(certificate)};
    }
    void trust(const Signer& signer, const std::string& name) { folder.write("trust/" + name, signer.certificate.to_pem()); }
    Trust check(const Signer& signer, const std::string& hint,
                x509::SignatureAlgorithm algorithm = x509::SignatureAlgorithm::sha256_ecdsa) {
        const std::string signature = signer.key.sign(algorithm, as_bytes(message)).value();
        const auto kind = algorithm == x509::SignatureAlgorithm::sha256_rsa ? SignatureKind::sha256_rsa : SignatureKind::sha256_ecdsa;
        return folder_trust.check({kind, as_bytes(signature), hint}, as_bytes(message), nullptr)->trust;
    }

    const std::string message = "what is signed";
    TemporaryFolder folder;
    SlotFiles slots{folder.path()};
    TrustFolder folder_trust{folder.path() / "trust", slots};
};

}  // namespace otabahn::device
