<?php
// simrack as a provider of the FreePBX module SMS Connector: outgoing texts alone. Incoming ones come as provider=telnyx.
// Put it into the folder providers/ of the module. MIT licence. Not tried with FreePBX.
namespace FreePBX\modules\Smsconnector\Provider;

class Simrack extends providerBase
{
    public function __construct()
    {
        parent::__construct();
        $this->name = 'simrack';
        $this->nameRaw = 'simrack';
        $this->configInfo = [
            'address' => self::field('Address', 'Where simrack is, as {address}', '{address}'),
            'key' => self::field('Key', 'The key that simrack connect printed', ''),
        ];
    }

    public function sendMessage($id, $to, $from, $message = null)
    {
        $config = $this->getConfig($this->nameRaw);
        $status = self::post(
            rtrim($config['address'], '/') . '/api/send',
            $config['key'],
            ['from' => self::international($from), 'to' => self::international($to), 'text' => (string) $message],
            $answer
        );
        if ($status !== 200) {
            throw new \Exception("simrack did not take it (HTTP $status): $answer");
        }
        $this->setDelivered($id);
        return true;
    }

    public function sendMedia($id, $to, $from, $message = null)
    {
        throw new \Exception('simrack sends no pictures');
    }

    public function callPublic($connector)
    {
        return 405;
    }

    /** FreePBX leaves the plus sign away; short codes and what begins with 0 have none. */
    private static function international($number)
    {
        $digits = ltrim((string) $number, '+');
        return preg_match('/^[1-9][0-9]{6,14}$/', $digits) ? "+$digits" : $digits;
    }

    private static function post($url, $key, array $fields, &$answer)
    {
        $context = stream_context_create(['http' => [
            'method' => 'POST',
            'header' => "Authorization: Bearer $key\r\nContent-Type: application/json",
            'content' => json_encode($fields),
            'timeout' => 20,
            'ignore_errors' => true,
            'follow_location' => 0,
        ]]);
        $answer = @file_get_contents($url, false, $context);
        if ($answer === false) {
            $answer = 'no answer';
            return 0;
        }
        return preg_match('#^HTTP/[0-9.]+ ([0-9]{3})#', $http_response_header[0], $found) ? (int) $found[1] : 0;
    }

    private static function field($label, $help, $default)
    {
        return ['type' => 'string', 'label' => $label, 'help' => $help, 'default' => $default, 'required' => true, 'placeholder' => $default];
    }
}
