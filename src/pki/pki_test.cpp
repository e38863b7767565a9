// SPDX-License-Identifier: Apache-2.0
#include "pki/pki.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace otabahn::pki {
namespace {

namespace fs = std::filesystem;
constexpr Timestamp now = std::chrono::sys_days(std::chrono::year(2026) / 3 / 1);

class PkiFolder : public testing::Test {
  protected:
    PkiFolder() : folder_(fs::temp_directory_path() / ("otabahn-pki-" + std::to_string(::getpid()))) { fs::remove_all(folder_); }
    ~PkiFolder() override { fs::remove_all(folder_); }
    x509::Certificate server(const Pki& pki) {
        std::ifstream in(pki.server_certificate_file());
        return x509::Certificate::parse_pem(std::string(std::istreambuf_iterator<char>(in), {})).value();
    }
    fs::path folder_;
    ServerNames names_{{"localhost", "ota.example"}, {"127.0.0.1", "::1"}};
};

TEST_F(PkiFolder, KeepsItsRootAndServerCertificateOverRestarts) {
    const auto first = Pki::open(folder_, names_, now);
    ASSERT_TRUE(first.has_value()) << first.error().message;
    const auto root = (*first)->root_certificate_pem();
    const auto server_id = server(**first).id();
    const auto second = Pki::open(folder_, names_, now + std::chrono::days(1));
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ((*second)->root_certificate_pem(), root);
    EXPECT_EQ(server(**second).id(), server_id);
}

TEST_F(PkiFolder, RenewsTheServerCertificateWhenNamesChangeOrItsEndIsNear) {
    auto pki = Pki::open(folder_, names_, now);
    ASSERT_TRUE(pki.has_value());
    const auto first = server(**pki).id();
    names_.dns.push_back("other.example");
    pki = Pki::open(folder_, names_, now);
    const auto second = server(**pki).id();
    EXPECT_NE(second, first);
    pki = Pki::open(folder_, names_, now + std::chrono::days(380));
    EXPECT_NE(server(**pki).id(), second);
}

TEST_F(PkiFolder, PrivateKeysAreForTheirOwnerAlone) {
    const auto pki = Pki::open(folder_, names_, now);
    ASSERT_TRUE(pki.has_value());
    for (const auto* name : {"root-ca.key", "device-ca.key", "server.key"}) {
        struct stat status {};
        ASSERT_EQ(::stat((folder_ / "pki" / name).c_str(), &status), 0) << name;
        EXPECT_EQ(status.st_mode & 0777, 0600U) << name;
    }
}

TEST_F(PkiFolder, IssuesDeviceCertificatesUntil2049UnderItsDeviceAuthority) {
    auto pki = Pki::open(folder_, names_, now);
    ASSERT_TRUE(pki.has_value());
    const auto key = x509::PrivateKey::generate(x509::KeyAlgorithm::ec_p256);
    const auto pem = (*pki)->issue(key->public_key_pem(), "AWS IoT Certificate");
    ASSERT_TRUE(pem.has_value());
    const auto certificate = x509::Certificate::parse_pem(*pem);
    ASSERT_TRUE(certificate.has_value());
    EXPECT_EQ(to_seconds(certificate->not_after()), 2524607999);
    EXPECT_TRUE(key->fits(*certificate));
}

TEST_F(PkiFolder, RefusesAKeyThatIsNotItsCertificatesOwn) {
    ASSERT_TRUE(Pki::open(folder_, names_, now).has_value());
    std::ofstream(folder_ / "pki" / "root-ca.key") << x509::PrivateKey::generate(x509::KeyAlgorithm::ec_p256)->to_pem();
    const auto refused = Pki::open(folder_, names_, now);
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find("is not the key of"), std::string::npos) << refused.error().message;
}

TEST_F(PkiFolder, RefusesGarbageInPlaceOfItsRootNamingTheFile) {
    ASSERT_TRUE(Pki::open(folder_, names_, now).has_value());
    std::ofstream(folder_ / "root-ca.pem") << "garbage";
    const auto refused = Pki::open(folder_, names_, now);
    ASSERT_FALSE(refused.has_value());
    EXPECT_NE(refused.error().message.find("root-ca.pem"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace otabahn::pki
